"""The language host with the real engine: policy packs and component packages."""

import json
import time

import pytest

from tests.contract.language_host_project import MakeProject, wait_until

pytest_plugins = ("tests.contract.language_host_fixtures",)
pytestmark = pytest.mark.engine

POLICY_PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, StackValidationPolicy

def check(arguments, report):
    report("seen by the pack: " + ", ".join(resource.resource_type for resource in arguments.resources))

PolicyPack("test-pack", [StackValidationPolicy("test-policy", "reports", check, EnforcementLevel.ADVISORY)])
"""


def test_a_policy_pack_sees_a_preview_and_ends_with_it(make_project: MakeProject) -> None:
    project = make_project("import pulumi\npulumi.export('answer', 42)\n")
    project.write("policies/PulumiPolicy.yaml", "runtime: python\nversion: 0.0.1\n")
    project.write("policies/__main__.py", POLICY_PACK)
    started = time.monotonic()
    project.pulumi("preview", "--stack", "test")
    plain = time.monotonic() - started
    shown = project.pulumi("preview", "--stack", "test", "--policy-pack", "policies")
    assert "seen by the pack: pulumi:pulumi:Stack" in shown
    with_pack = time.monotonic() - started - plain
    assert with_pack < 3 * plain + 2, "the engine waits 5 s for a pack that does not end by itself"
    wait_until(lambda: not project.processes(), 3, project.processes)


CONFIGURED_PACK = """
import os, pulumi
from pulumi_policy import EnforcementLevel, PolicyPack, StackValidationPolicy

def check(arguments, report):
    config = pulumi.Config()
    report("configured: " + "|".join([pulumi.get_project(), pulumi.get_stack(), config.require("plain"),
                                      str(pulumi.runtime.is_dry_run()), os.path.basename(os.getcwd())]))

PolicyPack("test-pack", [StackValidationPolicy("test-policy", "reports", check, EnforcementLevel.ADVISORY)])
"""


def test_a_policy_pack_has_the_configuration_of_the_stack(make_project: MakeProject) -> None:
    project = make_project("")
    project.write("policies/PulumiPolicy.yaml", "runtime: python\nversion: 0.0.1\n")
    project.write("policies/__main__.py", CONFIGURED_PACK)
    project.pulumi("config", "set", "plain", "the value", "--stack", "test")
    shown = project.pulumi("preview", "--stack", "test", "--policy-pack", "policies")
    assert "configured: host-test|test|the value|True|policies" in shown
    shown = project.pulumi("up", "--yes", "--skip-preview", "--stack", "test", "--policy-pack", "policies")
    assert "configured: host-test|test|the value|False|policies" in shown


def test_a_mandatory_policy_stops_an_update(make_project: MakeProject) -> None:
    project = make_project("")
    project.write("policies/PulumiPolicy.yaml", "runtime: python\nversion: 0.0.1\n")
    project.write("policies/__main__.py", POLICY_PACK.replace("ADVISORY", "MANDATORY"))
    started = time.monotonic()
    project.pulumi("preview", "--stack", "test")
    plain = time.monotonic() - started
    shown = project.pulumi("preview", "--stack", "test", "--policy-pack", "policies", status=None)
    assert "[mandatory]" in shown
    # The program is waiting for the engine to end, and the engine for the host: neither may wait for long.
    assert time.monotonic() - started - plain < 3 * plain + 2.5


@pytest.mark.parametrize(
    ("pack", "shown_text"),
    [
        ("raise ValueError('the reason')", "ValueError: the reason"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("print('hello')", "hello"),
    ],
)
def test_a_policy_pack_that_does_not_start_shows_why(make_project: MakeProject, pack: str, shown_text: str) -> None:
    project = make_project("")
    project.write("policies/PulumiPolicy.yaml", "runtime: python\nversion: 0.0.1\n")
    project.write("policies/__main__.py", pack)
    shown = project.pulumi("preview", "--stack", "test", "--policy-pack", "policies", status=None)
    assert shown_text in shown
    assert "+ 1 to create" not in shown
    wait_until(lambda: not project.processes(), 3, project.processes)


COMPONENT = """
import pulumi
from typing import TypedDict
from pulumi.provider.experimental import component_provider_host

class EchoArgs(TypedDict):
    text: pulumi.Input[str]

class Echo(pulumi.ComponentResource):
    echoed: pulumi.Output[str]
    def __init__(self, name: str, args: EchoArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("echo:index:Echo", name, {}, opts)
        self.echoed = pulumi.Output.from_input(args["text"])
        self.register_outputs({"echoed": self.echoed})

component_provider_host(components=[Echo], name="echo")
"""


def test_a_component_package_gives_its_schema(make_project: MakeProject) -> None:
    project = make_project("")
    project.write("echo/PulumiPlugin.yaml", "runtime: python\n")
    project.write("echo/__main__.py", COMPONENT)
    shown = project.pulumi("package", "get-schema", "./echo")
    schema = json.loads(shown[shown.index("{") : shown.rindex("}") + 1])
    assert list(schema["resources"]) == ["echo:index:Echo"]
    wait_until(lambda: not project.processes(), 3, project.processes)


def test_a_component_package_that_fails_shows_why(make_project: MakeProject) -> None:
    project = make_project("")
    project.write("echo/PulumiPlugin.yaml", "runtime: python\n")
    project.write("echo/__main__.py", "raise SystemExit('the reason')\n")
    assert "the reason" in project.pulumi("package", "get-schema", "./echo", status=None)
