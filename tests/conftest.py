"""What all rungs share, and which tests share a process."""

import os
import tempfile

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from components.portus.images import is_stand_in
from tests import times, unchanged
from tests.policy import summary
from tests.portus_image import GIVEN, patience

# Hypothesis would keep a folder in the clone; this one goes when Python ends.
_STORAGE = tempfile.TemporaryDirectory(prefix="hypothesis-")
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", _STORAGE.name)

from hypothesis import settings  # noqa: E402 - reads the variable when it is imported

# The same examples every time, and no clock: machines differ in speed.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, max_examples=50)
settings.load_profile("repeatable")

_LANES = {
    "tests/contract/portus": "portus",
    "tests/engine/docker": "docker",
    "tests/engine/kubernetes": "kubernetes",
    "tests/engine/cluster": "kubernetes",
    "tests/component": "component",
    "tests/policy": "policy",
}
"""Tests that share deployments, the cluster or recordings, and so a process; the others go module by module."""
_APART = (
    *(
        f"tests/engine/docker/test_{name}.py"
        for name in (
            "examples",
            "operations_repair",
            "backups",
            "pages",
            "migration",
            "collect_garbage",
            "external_database",
            "upgrades",
            "status_and_diagram",
            "ldap",
            "oauth",
        )
    ),
    "tests/contract/portus/test_start.py",
)
"""Modules of a lane that bring deployments of their own; the longest first."""
_FIRST = ("docker", "kubernetes", "portus", *_APART[:2], "policy", "component", *_APART[2:])


def _lane(nodeid: str) -> str:
    module = nodeid.partition("::")[0]
    return module if module in _APART else _LANES.get(module.rpartition("/")[0], module)


class _Lanes(LoadScopeScheduling):  # type: ignore[misc] # pytest-xdist has no annotations here
    """Gives a process a lane at a time, in their order (`--no-loadscope-reorder`).

    The mark `xdist_group` would do, but pytest-xdist 3.8 does not see it with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _lane(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Lanes:
    """For `--dist loadscope`, as `make test` has it."""
    return _Lanes(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long lanes first; without what is about the stand-in when there is none, and what is known to pass."""
    known = [suite for suite in unchanged.SUITES if unchanged.passed(suite)] if unchanged.is_whole(config) else []
    for item in items:
        if (suite := unchanged.suite_of(item.nodeid)) in known:
            reason = f"{suite}: nothing of it changed since it passed on this machine; `make test ALL=1` runs it"
            item.add_marker(pytest.mark.skip(reason=reason))
        if item.get_closest_marker("stand_in") and GIVEN and not is_stand_in(GIVEN):
            item.add_marker(pytest.mark.skip(reason=f"{item.name} is about the stand-in, and PORTUS is {GIVEN}"))
        if patience() > 1:
            limit = item.get_closest_marker("timeout")
            seconds = float(limit.args[0] if limit else item.config.getini("timeout"))
            item.add_marker(pytest.mark.timeout(seconds * patience()), append=False)
    items.sort(key=lambda item: [*_FIRST, _lane(item.nodeid)].index(_lane(item.nodeid)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> object:
    """Take a lane's deployments and cluster down with its last test: pytest keeps them to the end of the process."""
    if nextitem is None or not ends_lane(item.nodeid, nextitem.nodeid):
        return None
    return item.ihook.pytest_runtest_protocol(item=item, nextitem=None)


def ends_lane(nodeid: str, next_nodeid: str) -> bool:
    """Whether a test is the last of a lane with deployments of its own, and another lane's test comes next."""
    lane = _lane(nodeid)
    return lane in _FIRST and lane != _lane(next_nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """One of pytest-xdist's processes hands over what its tests have to tell."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["told"] = summary.packed(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController) -> None:
    """Take it, unless the process crashed."""
    if hasattr(node, "workeroutput"):
        summary.unpack(node.config, node.workeroutput["told"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Print what the tests of the policy pack have to tell and where the time went; note which suites passed."""
    config = terminalreporter.config
    if hasattr(config, "workerinput"):  # one of pytest-xdist's processes, which saw its own lanes alone
        return
    reports = [each for kind in terminalreporter.stats.values() for each in kind if isinstance(each, pytest.TestReport)]
    if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        unchanged.remember(((report.nodeid, report.outcome) for report in reports), unchanged.run_whole(config))
    lanes = times.of_lanes((_lane(report.nodeid), report.duration) for report in reports)
    for title, lines in (("policy pack", list(summary.told(config))), ("where the time went", lanes)):
        if lines:
            terminalreporter.section(title)
            for line in lines:
                terminalreporter.write_line(line)
