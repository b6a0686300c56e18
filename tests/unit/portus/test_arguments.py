"""Every argument, wrong in every way that its kind allows: one error that names it and says what would be right."""

import math
from typing import Any

import pulumi
import pytest

from components.portus import InvalidSettings
from components.portus.settings import settings_from_args
from tests.unit.portus import samples
from tests.unit.portus.samples import Path, changed, problems, sample_with, spelled

LEAVES = dict(samples.leaves())
REQUIRED_TEXTS = [("hostnames", "portus"), ("database", "external", "host"), ("docker", "hosts", 1, "name")]

NOT_A_GROUP: list[object] = ["text", 5, True, ["list"]]
WRONG: dict[str, list[object]] = {
    "text": [5, 1.5, True, [], {}, ["text"], b"bytes"],
    "input": [5, True, [], {}, ""],
    "texts": ["text", 5, {}, [5], [None], [""]],
    "choice": ["", "dokcer", 5, True, []],
    "boolean": ["true", "yes", 0, 1, 1.0, [], {}],
    "integer": ["5", "five", 5.5, True, -1, 10**9, math.inf, math.nan, [], {}],
    "number": ["1.5", True, -1, 0, math.inf, math.nan, [], {}],
    "options": ["text", 5, ["list"]],
}
CONTROL = ["a\nb", "a\x00b", "a\rb", "a\x1b[31mb", "a\u2028b", "a\x7fb"]
UNICODE = ["pörtus", "\uff50ortus", "портус", "a\u202eb", "🐳"]
INJECTIONS = [
    "x; } server { listen 1; }",
    "x' OR '1'='1",
    "x'; DROP TABLE users; --",
    "$(reboot)",
    "`reboot`",
    "x && reboot",
    "key: value",
    "- item",
    "{{ 7*7 }}",
    "<%= 7*7 %>",
    '"x"',
    "x #",
    "../../etc/passwd",
    "%2e%2e",
    " x",
    "x ",
]
FREE_TEXT = {"access_key", "secret_key", "registry_auth[1].password"}
"""Handed on as a file: no language reads them, so they may hold anything printable."""
PEM = {"certificate_pem", "private_key_pem", "ca_certificate_pem", "ca_pem", "trusted_ca_pem"}
"""What stands outside of the blocks is a comment, in any language."""


def each(*kinds: str, without: set[str] = frozenset()) -> list[Any]:  # type: ignore[assignment]
    """The arguments of these kinds, as test parameters."""
    return [
        pytest.param(path, id=spelled(path))
        for path, kind in LEAVES.items()
        if kind in kinds and not spelled(path).endswith(tuple(without))
    ]


def problem_at(path: Path, value: object) -> str:
    """The problem with ``value`` at ``path``, which must be the only one told; "" when there is none."""
    sample, place = sample_with(path)
    found = problems(changed(sample, place, value))
    named = [where for where in found if where.startswith(spelled(place))]
    assert len(named) == len(found), f"not only {spelled(place)} is named: {found}"
    return found[named[0]] if named else ""


def test_samples_are_right_and_hold_every_argument() -> None:
    for sample in (samples.MINIMAL, samples.COMPLETE, samples.FILESYSTEM, samples.ISSUED):
        assert problems(sample) == {}
    for path in LEAVES:
        sample, place = sample_with(path)
        samples.at(sample, place)  # raises KeyError for an argument that no sample holds


@pytest.mark.parametrize("path", each(*WRONG))
def test_wrong_type_or_value_is_refused(path: Path) -> None:
    for value in WRONG[LEAVES[path]]:
        assert problem_at(path, value), f"{spelled(path)} accepts {value!r}"


@pytest.mark.parametrize("path", each("text", without={"address_pool", "region_endpoint", "root_directory"}))
def test_empty_text_is_refused_unless_it_means_the_default(path: Path) -> None:
    assert problem_at(path, "") or path[0] == "rotation"


@pytest.mark.parametrize("path", each("text", "choice", "input"))
def test_text_that_is_too_long_is_refused_and_not_repeated(path: Path) -> None:
    reason = problem_at(path, "a" * 100_000)
    assert 0 < len(reason) < 400


@pytest.mark.parametrize("path", each("text", "choice", "input", "texts"))
def test_control_characters_are_refused(path: Path) -> None:
    for value in CONTROL:
        given = [value] if LEAVES[path] == "texts" else value
        reason = problem_at(path, given)
        assert reason, f"{spelled(path)} accepts {value!r}"
        assert reason.isprintable(), f"{reason!r} would reach a terminal"


@pytest.mark.parametrize("path", each("text", "choice", "input", without=FREE_TEXT | PEM))
def test_unicode_look_alikes_are_refused(path: Path) -> None:
    for value in UNICODE:
        reason = problem_at(path, value)
        assert reason, f"{spelled(path)} accepts {value!r}"
        assert "\u202e" not in reason


@pytest.mark.parametrize("path", each("text", "input", without=FREE_TEXT | PEM))
def test_digits_of_other_scripts_are_refused(path: Path) -> None:
    sample, place = sample_with(path)
    for value in (str(samples.at(sample, place)), "portus.test:8443", "10.0.0.1"):
        text = value.translate({ord("0") + digit: 0x660 + digit for digit in range(10)})
        assert text == value or problem_at(path, text), f"{spelled(path)} accepts {text!r}"


@pytest.mark.parametrize("path", each("text", "choice", "input", without=FREE_TEXT | PEM))
def test_no_language_can_be_injected(path: Path) -> None:
    for value in INJECTIONS:
        assert problem_at(path, value), f"{spelled(path)} accepts {value!r}"


@pytest.mark.parametrize("path", each("integer", "number"))
def test_numbers_may_arrive_as_floats(path: Path) -> None:
    """Other languages have no integers: the SDK hands on 5.0 for 5."""
    sample, place = sample_with(path)
    value = samples.at(sample, place)
    as_float = settings_from_args("test", changed(sample, place, float(value)))
    numbers = _numbers(as_float)
    assert numbers == _numbers(settings_from_args("test", sample))
    if LEAVES[path] == "integer":
        assert not [number for number in numbers if isinstance(number, float) and number == float(value)] or value in (
            1,
            2,
        )


def _numbers(settings: object) -> list[object]:
    """Every number in the settings, in order."""
    if isinstance(settings, bool):
        return []
    if isinstance(settings, int | float):
        return [settings]
    if isinstance(settings, tuple | list):
        return [number for item in settings for number in _numbers(item)]
    fields = getattr(settings, "__dataclass_fields__", {})
    return [number for name in fields for number in _numbers(getattr(settings, name))]


@pytest.mark.parametrize("path", each("text", "choice", "boolean", "integer", "number", "texts", "options"))
def test_output_is_refused_where_the_graph_depends_on_the_value(path: Path) -> None:
    sample, place = sample_with(path)
    output = pulumi.Output.from_input(samples.at(sample, place))
    assert "plain value" in problem_at(path, output)


@pytest.mark.parametrize("path", each("input"))
def test_output_is_taken_where_only_the_value_matters(path: Path) -> None:
    sample, place = sample_with(path)
    assert problem_at(path, pulumi.Output.from_input(samples.at(sample, place))) == ""


def groups() -> list[Any]:
    """Every group of arguments, with the arguments in it."""
    found: dict[Path, None] = {}
    for path in LEAVES:
        for length in range(1, len(path)):
            if isinstance(path[length - 1], str) and not isinstance(path[length], int):
                found[path[:length]] = None
    return [pytest.param(path, id=spelled(path)) for path in found if sample_with(path)]


@pytest.mark.parametrize("path", groups())
def test_group_that_is_none_is_refused(path: Path) -> None:
    for value in NOT_A_GROUP:
        assert "must be a group of arguments" in problem_at(path, value)


@pytest.mark.parametrize("path", groups())
def test_unknown_argument_is_refused_with_the_nearest_one(path: Path) -> None:
    sample, place = sample_with(path)
    group = samples.at(sample, place)
    known = next(iter(group))
    found = problems(changed(sample, (*place, f"{known}x"), group[known]))
    assert found[f"{spelled(place)}.{known}x"] == f"is not an argument; did you mean {known}?"


def test_unknown_argument_at_the_top_is_refused() -> None:
    assert problems({**samples.MINIMAL, "databse": {}})["databse"] == "is not an argument; did you mean database?"


@pytest.mark.parametrize("path", [pytest.param(path, id=spelled(path)) for path in REQUIRED_TEXTS])
def test_required_argument_that_is_missing_is_named(path: Path) -> None:
    sample = changed(samples.COMPLETE, path, None)
    assert problems(sample)[spelled(path)].startswith("is required: ")


def test_arguments_that_are_no_mapping_are_refused() -> None:
    with pytest.raises(InvalidSettings, match="must be a group of arguments"):
        settings_from_args("test", ["hostnames"])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "a", "Test", "1test", "test-", "te_st", "te st", "x" * 33, "tést", "a;b", "a\n"])
def test_name_that_is_no_host_name_is_refused(name: str) -> None:
    assert "2 to 32 lower-case letters" in problems(samples.MINIMAL, name)["name"]


def test_every_problem_is_told_at_once_by_property() -> None:
    args = samples.merged(
        samples.MINIMAL,
        {
            "hostnames": {"portus": "no dots"},
            "portus": {"start_timeout_seconds": 5},
            "docker": {"hosts": [{"name": "A", "private_address": "here"}]},
            "smoke_check": "yes",
            "colour": "red",
        },
    )
    with pytest.raises(InvalidSettings) as caught:
        settings_from_args("test", args)
    message = str(caught.value)
    assert message.startswith("PortusStack 'test' has 6 invalid arguments; nothing was created:\n")
    assert isinstance(caught.value, pulumi.RunError), "a RunError is shown without a stack trace"
    paths = [error["property_path"] for error in caught.value.errors or []]
    assert set(paths) == {
        *("hostnames.portus", "portus.startTimeoutSeconds", "docker.hosts[0].name"),
        *("docker.hosts[0].privateAddress", "smokeCheck", "colour"),
    }
