"""What a handler of one resource type is asked, and what it answers.

Names and meanings are those of the engine's `ResourceProvider` service (`proto/pulumi/provider.proto`, Pulumi 3.254.0).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from threading import Event
from typing import Protocol

from toolchain.plugins.framework.values import Properties, Value


class ProviderError(Exception):
    """A failure that the user can read as it stands. The engine prefixes it with the resource."""


class InitFailedError(Exception):
    """The resource exists but did not become what was asked for: the engine keeps it in its state and marks it as
    failed.

    `inputs` is sent on read only; `reasons` are shown one a line.
    """

    def __init__(
        self,
        resource_id: str,
        outputs: Mapping[str, Value],
        reasons: Sequence[str],
        inputs: Mapping[str, Value] | None = None,
    ) -> None:
        super().__init__("; ".join(reasons))
        self.resource_id = resource_id
        self.outputs = outputs
        self.reasons = reasons
        self.inputs = inputs or {}


class Severity(Enum):
    """How the engine shows a message: `INFO` in the diagnostics, `WARNING` and `ERROR` highlighted, `DEBUG` only with
    `--debug`.
    """

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


Log = Callable[[Severity, str], None]
"""Shows a message beside the resource of the request."""


class Status(Protocol):
    """Replaces the progress text beside the resource; it is not kept."""

    def __call__(self, text: str, severity: Severity = Severity.INFO) -> None: ...


@dataclass(frozen=True)
class Request:
    """What every request says. `type` is the type token, `name` the logical name, `cancelled` is set when the engine
    asks to stop: a handler that waits waits on it too, and raises `ProviderError`.
    """

    urn: str
    type: str
    name: str
    log: Log
    status: Status
    cancelled: Event


@dataclass(frozen=True)
class Autonaming:
    """The engine's naming wish. `mode` is `propose`, `enforce` or `disable`."""

    proposed_name: str
    mode: str


@dataclass(frozen=True)
class CheckRequest(Request):
    """`olds` are the last checked inputs (empty for a new resource), `news` what the program says now."""

    olds: Properties
    news: Properties
    random_seed: bytes
    autonaming: Autonaming | None = None


@dataclass(frozen=True)
class CheckFailure:
    """One refused input. `property` may be empty when `reason` names it."""

    property: str
    reason: str


@dataclass(frozen=True)
class CheckResult:
    """The inputs as they are stored and passed on, and what is wrong with them."""

    inputs: Properties
    failures: Sequence[CheckFailure] = ()


@dataclass(frozen=True)
class DiffRequest(Request):
    """`olds` is the last state (outputs), `old_inputs` the last checked inputs, `news` the inputs checked now."""

    id: str
    olds: Properties
    old_inputs: Properties
    news: Properties
    ignore_changes: Sequence[str]


class DiffKind(Enum):
    """What happens to a property, in the protocol's names."""

    ADD = "add"
    ADD_REPLACE = "add_replace"
    DELETE = "delete"
    DELETE_REPLACE = "delete_replace"
    UPDATE = "update"
    UPDATE_REPLACE = "update_replace"


@dataclass(frozen=True)
class Diff:
    """What would change. `changed` None means "unknown, compare the inputs". `detailed` None means that the engine
    derives the display from the inputs. Its paths in `input_diffs` are shown as changes of the inputs, others as
    changes from the state to the inputs.
    """

    changed: bool | None = False
    replaces: Sequence[str] = ()
    stables: Sequence[str] = ()
    diffs: Sequence[str] = ()
    detailed: Mapping[str, DiffKind] | None = None
    delete_before_replace: bool = False
    input_diffs: Collection[str] = ()


@dataclass(frozen=True)
class CreateRequest(Request):
    """`timeout` in seconds, 0 for none given. In a `preview` nothing may be touched."""

    inputs: Properties
    timeout: float
    preview: bool


@dataclass(frozen=True)
class Created:
    """A new resource. `id` is empty in a preview (and only there)."""

    id: str
    outputs: Properties


@dataclass(frozen=True)
class ReadRequest(Request):
    """`outputs` and `inputs` are both empty when a resource is imported."""

    id: str
    outputs: Properties
    inputs: Properties


@dataclass(frozen=True)
class ReadResult:
    """What was found."""

    id: str
    outputs: Properties
    inputs: Properties


@dataclass(frozen=True)
class UpdateRequest(Request):
    """`olds` is the last state, `news` the inputs checked now; `timeout` in seconds, 0 for none given."""

    id: str
    olds: Properties
    old_inputs: Properties
    news: Properties
    timeout: float
    ignore_changes: Sequence[str]
    preview: bool


@dataclass(frozen=True)
class DeleteRequest(Request):
    """`outputs` is the last state; `timeout` in seconds, 0 for none given."""

    id: str
    outputs: Properties
    old_inputs: Properties
    timeout: float


class Resource(ABC):
    """The handler of one resource type. It keeps nothing between requests, which may run at the same time."""

    def check(self, request: CheckRequest) -> CheckResult:
        """Complete and judge the inputs. The default accepts them as they are."""
        return CheckResult(request.news)

    @abstractmethod
    def diff(self, request: DiffRequest) -> Diff:
        """Compare the state with the inputs."""

    @abstractmethod
    def create(self, request: CreateRequest) -> Created:
        """Create, or in a preview say what would be known of it."""

    @abstractmethod
    def read(self, request: ReadRequest) -> ReadResult | None:
        """Look at the real thing (refresh, import). None: there is none."""

    @abstractmethod
    def update(self, request: UpdateRequest) -> Properties:
        """Change in place and return the new state; in a preview, the planned one."""

    def delete(self, request: DeleteRequest) -> None:  # noqa: B027 - a default, not a missing method
        """Delete. What is gone already is no error. The default does nothing."""
