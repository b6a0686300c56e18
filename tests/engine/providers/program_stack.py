"""A program and its stack on a real engine, for the tests of one provider plugin."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from tests.engine.docker.deployment import finish

TIME_LIMIT = 200  # seconds for one command


class ProgramStack:
    """A program that begins with `preamble`; of its resources those of `package` count."""

    preamble: ClassVar[str]
    package: ClassVar[str]

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder, self.environment = folder, environment
        self.version = 1
        """The variable `V` of the program."""

    def write(self, program: str) -> None:
        (self.folder / "__main__.py").write_text(self.preamble + textwrap.dedent(program))

    @property
    def run_environment(self) -> dict[str, str]:
        """What a Pulumi command runs in."""
        return {**self.environment, "PROGRAM_VERSION": str(self.version)}

    def run(self, *arguments: str, succeeds: bool | None = True) -> str:
        """Run a Pulumi command; returns what it printed."""
        done = finish(["pulumi", *arguments, "--non-interactive"], self.folder, self.run_environment, TIME_LIMIT)
        assert succeeds is None or (done.code == 0) is succeeds, f"pulumi {arguments}: {done.output}"
        return done.output

    def up(self, version: int = 1, *, succeeds: bool = True) -> str:
        self.version = version
        return self.run("up", "--yes", "--skip-preview", succeeds=succeeds)

    def refresh(self) -> str:
        return self.run("refresh", "--yes", "--skip-preview")

    def destroy(self, *, succeeds: bool = True) -> str:
        return self.run("destroy", "--yes", "--skip-preview", succeeds=succeeds)

    def steps(self, version: int = 1) -> dict[str, dict[str, Any]]:
        """What a preview would do: "operation name" to its step; empty when nothing changes."""
        self.version = version
        text = self.run("preview", "--json")
        steps = json.loads(text[text.index("{") :]).get("steps", [])
        ours = [step for step in steps if self._counts(step) and step["op"] != "same"]
        return {f"{step['op']} {step['urn'].split('::')[-1]}": step for step in ours}

    def changes(self, version: int = 1) -> dict[str, dict[str, str]]:
        """What a preview would change: "operation name" to property path and kind."""
        return {
            name: {path: entry["kind"] for path, entry in (step.get("detailedDiff") or {}).items()}
            for name, step in self.steps(version).items()
        }

    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources as the state has them, secrets in the clear."""
        text = self.run("stack", "export", "--show-secrets")
        resources = json.loads(text)["deployment"].get("resources", [])
        return {resource["urn"].split("::")[-1]: resource for resource in resources if self._counts(resource)}

    def resource(self, name: str) -> dict[str, Any]:
        """The resource as the state has it."""
        return self.resources()[name]

    def output(self, resource: str, name: str) -> Any:
        return self.resource(resource)["outputs"][name]

    def _counts(self, about: Mapping[str, Any]) -> bool:
        return f"::{self.package}:" in about["urn"]


Made = TypeVar("Made", bound=ProgramStack)


@contextmanager
def stack_of(kind: type[Made], folder: Path, environment: Mapping[str, str]) -> Iterator[Made]:
    """A stack without resources, in a backend of its own; destroyed at the end."""
    backend, program = folder / "backend", folder / "program"
    backend.mkdir()
    program.mkdir()
    (program / "Pulumi.yaml").write_text(f"name: provider-{kind.package}\nruntime: python\n")
    stack = kind(program, {**environment, "PULUMI_BACKEND_URL": f"file://{backend}"})
    stack.run("stack", "init", "test")
    yield stack
    stack.run("cancel", "--yes", "test", succeeds=None)
    stack.run("destroy", "--yes", "--skip-preview", succeeds=None)
