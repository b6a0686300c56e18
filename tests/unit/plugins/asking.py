"""Ask a resource handler what the engine asks, without a server."""

from threading import Event
from typing import TypedDict

from toolchain.plugins.framework.resource import (
    CheckRequest,
    CheckResult,
    CreateRequest,
    Diff,
    DiffRequest,
    Log,
    ReadRequest,
    ReadResult,
    Resource,
    Severity,
    Status,
    UpdateRequest,
)
from toolchain.plugins.framework.values import Properties, Secret, Value

NAME = "r"


class _About(TypedDict):
    urn: str
    type: str
    name: str
    log: Log
    status: Status
    cancelled: Event


class Asking:
    """One resource; `messages` is what it logged."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.messages: list[tuple[Severity, str]] = []

    def check(self, **news: Value) -> CheckResult:
        return self.resource.check(CheckRequest(**self._about(), olds={}, news=news, random_seed=b""))

    def reasons(self, **news: Value) -> list[str]:
        return [failure.reason for failure in self.check(**news).failures]

    def preview(self, **inputs: Value) -> Properties:
        created = self.resource.create(CreateRequest(**self._about(), inputs=inputs, timeout=0, preview=True))
        assert created.id == ""
        return created.outputs

    def create(self, **inputs: Value) -> tuple[str, Properties]:
        """The id and the outputs as the next request would send them, secrets in the clear."""
        created = self.resource.create(CreateRequest(**self._about(), inputs=inputs, timeout=0, preview=False))
        return created.id, plain(created.outputs)

    def raw_outputs(self, **inputs: Value) -> Properties:
        return self.resource.create(CreateRequest(**self._about(), inputs=inputs, timeout=0, preview=False)).outputs

    def diff(self, state: Properties, *ignored: str, **news: Value) -> Diff:
        return self.resource.diff(
            DiffRequest(**self._about(), id="id", olds=state, old_inputs={}, news=news, ignore_changes=ignored)
        )

    def update(self, state: Properties, news: Properties, *, preview: bool = False) -> Properties:
        request = UpdateRequest(
            **self._about(),
            id="id",
            olds=state,
            old_inputs={},
            news=news,
            timeout=0,
            ignore_changes=(),
            preview=preview,
        )
        return plain(self.resource.update(request))

    def read(self, resource_id: str, state: Properties | None = None, inputs: Properties | None = None) -> ReadResult:
        request = ReadRequest(**self._about(), id=resource_id, outputs=state or {}, inputs=inputs or {})
        found = self.resource.read(request)
        assert found is not None
        return ReadResult(found.id, plain(found.outputs), plain(found.inputs))

    def _about(self) -> _About:
        return {
            "urn": f"urn:pulumi:test::project::t::{NAME}",
            "type": "t",
            "name": NAME,
            "log": lambda severity, text: self.messages.append((severity, text)),
            "status": lambda text, severity=Severity.INFO: None,
            "cancelled": Event(),
        }


def plain(properties: Properties) -> Properties:
    """Without secret marks at the top level."""
    return {name: value.value if isinstance(value, Secret) else value for name, value in properties.items()}


def text(properties: Properties, name: str) -> str:
    """A property that is a string."""
    value = properties[name]
    assert isinstance(value, str), f"{name} is {value!r}"
    return value
