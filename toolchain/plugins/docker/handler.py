"""What all resource types have in common: everything that follows from the schema, and how failures are told."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from toolchain.plugins.docker.checking import check
from toolchain.plugins.docker.comparing import compare
from toolchain.plugins.docker.connection import Connection
from toolchain.plugins.docker.engine_api import EngineError, Operation
from toolchain.plugins.docker.inputs import imported, refreshed
from toolchain.plugins.docker.patience import Patience
from toolchain.plugins.docker.planning import META, finished, known, meta, plan, reread, settled, without_removed
from toolchain.plugins.docker.schema import ResourceSchema
from toolchain.plugins.framework import (
    UNKNOWN,
    CheckRequest,
    CheckResult,
    Created,
    CreateRequest,
    DeleteRequest,
    Diff,
    DiffRequest,
    InitFailedError,
    Properties,
    ProviderError,
    ReadRequest,
    ReadResult,
    Resource,
    UpdateRequest,
)


class GoneError(Exception):
    """Docker does not know the resource any more."""


class CreateFailedError(Exception):
    """The resource `id` exists, but the rest of its creation failed."""

    def __init__(self, resource_id: str, problem: str) -> None:
        super().__init__(problem)
        self.resource_id = resource_id


class DockerResource(Resource):
    """A resource type of one schema. Subclasses talk to Docker."""

    def __init__(self, schema: ResourceSchema, connection: Connection) -> None:
        self.schema = schema
        self.connection = connection

    @abstractmethod
    def make(self, operation: Operation, state: Properties) -> tuple[str, Properties]:
        """Create what `state` plans (unset and undecided values are null); returns id and state. Raises
        `CreateFailedError` once something exists.
        """

    @abstractmethod
    def look(self, operation: Operation, resource_id: str, state: Properties) -> tuple[str, Properties]:
        """Read id and state. Raises `GoneError`."""

    @abstractmethod
    def change(self, operation: Operation, resource_id: str, old: Properties, state: Properties) -> Properties:
        """Apply the difference between two states; returns the new one."""

    @abstractmethod
    def remove(self, operation: Operation, resource_id: str, state: Properties) -> None:
        """Delete; what is gone is no error."""

    def check(self, request: CheckRequest) -> CheckResult:
        return check(self.schema, request)

    def diff(self, request: DiffRequest) -> Diff:
        return compare(self.schema, request)

    def create(self, request: CreateRequest) -> Created:
        planned = plan(self.schema, None, request.inputs)
        if request.preview:
            return Created("", {**planned, "id": UNKNOWN})
        wanted = known(planned)
        notes = meta(self.schema, {"create": request.timeout})
        patience = self._patience(request, request.timeout)
        with _told(""):
            try:
                resource_id, state = self.make(self._operation(patience), wanted)
            except CreateFailedError as error:
                reason = _reason(f"creating {request.urn}", str(error))
                outputs = {**finished(self.schema, wanted), **notes, "id": error.resource_id}
                raise InitFailedError(error.resource_id, outputs, [reason]) from error
        outputs = settled(self.schema, planned, finished(self.schema, state))
        return Created(resource_id, {**outputs, **notes, "id": resource_id})

    def read(self, request: ReadRequest) -> ReadResult | None:
        old = request.outputs
        importing = not request.outputs and not request.inputs
        patience = self._patience(request, 0)
        nothing: Properties = {name: [] if it.is_block_list else None for name, it in self.schema.properties.items()}
        state = {**nothing, **old}
        try:
            with _told(f"refreshing {request.urn}"):
                resource_id, found = self.look(self._operation(patience), request.id, state)
        except GoneError:
            return None
        schema = self.schema.inputs
        inputs = imported(found, schema) if importing else refreshed(request.inputs, found, schema)
        return ReadResult(
            resource_id, {**reread(self.schema, found), **_notes(old, self.schema), "id": resource_id}, inputs
        )

    def update(self, request: UpdateRequest) -> Properties:
        planned = plan(self.schema, request.olds, request.news)
        if request.preview:
            return planned
        patience = self._patience(request, request.timeout)
        operation = self._operation(patience)
        wanted = without_removed(self.schema, request.olds, known(planned))
        try:
            state = self.change(operation, request.id, request.olds, wanted)
        except (EngineError, ProviderError) as error:
            outputs = {**wanted, **_notes(request.olds, self.schema), "id": request.id}
            raise InitFailedError(request.id, outputs, [_reason(f"updating {request.urn}", str(error))]) from error
        outputs = settled(self.schema, planned, reread(self.schema, state))
        return {**outputs, **_notes(request.olds, self.schema), "id": request.id}

    def delete(self, request: DeleteRequest) -> None:
        patience = self._patience(request, request.timeout)
        with _told(f"deleting {request.urn}"):
            self.remove(self._operation(patience), request.id, request.outputs)

    def _operation(self, patience: Patience) -> Operation:
        return Operation(patience.call(self.connection.client), patience)

    def _patience(
        self, request: CreateRequest | ReadRequest | UpdateRequest | DeleteRequest, timeout: float
    ) -> Patience:
        return Patience(timeout or self.schema.timeout_minutes * 60, request.cancelled, request.status)


def _notes(state: Properties, schema: ResourceSchema) -> Properties:
    return {META: state[META]} if META in state else meta(schema, {})


@contextmanager
def _told(doing: str) -> Iterator[None]:
    """Failures in the official plugin's form; a creation that left nothing behind does not name the resource."""
    try:
        yield
    except ProviderError as error:
        raise ProviderError(_reason(doing, str(error))) from error
    except EngineError as error:
        raise ProviderError(_reason(doing, str(error))) from error


def _reason(doing: str, problem: str) -> str:
    return f"{doing}{': ' if doing else ''}1 error occurred:\n\t* {problem}\n\n"
