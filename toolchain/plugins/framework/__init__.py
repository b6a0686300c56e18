"""What the provider plugins share: the engine's provider protocol with plain Python values.

A plugin is a `Provider` (`provider.py`) with a table of `Resource` handlers (`resource.py`), started by `serve`
(`server.py`):

    class RandomUuid(Resource):
        def check(self, request: CheckRequest) -> CheckResult: ...
        def create(self, request: CreateRequest) -> Created: ...

    serve(Provider("random", "4.21.4", {"random:index/randomUuid:RandomUuid": RandomUuid()}), sys.argv[1:])

Values are plain Python (`values.py`). Handlers are ordinary blocking functions; each request runs in a thread of its
own.

Why the SDK's `pulumi.provider.experimental` is not the base (3.254.0): its `PropertyValue` reads an unknown as an
ordinary string and cannot write one, `Diff` always claims a detailed diff, `DiffConfig` sends the wrong numbers,
`ErrorResourceInitFailed`, old inputs and autonaming options cannot be expressed, and importing it takes three quarters
of a plugin's start. The gRPC service underneath is the same one, from the same wheel.
"""

from toolchain.plugins.framework.provider import Provider
from toolchain.plugins.framework.resource import (
    Autonaming,
    CheckFailure,
    CheckRequest,
    CheckResult,
    Created,
    CreateRequest,
    DeleteRequest,
    Diff,
    DiffKind,
    DiffRequest,
    InitFailedError,
    Log,
    ProviderError,
    ReadRequest,
    ReadResult,
    Resource,
    Severity,
    Status,
    UpdateRequest,
)
from toolchain.plugins.framework.server import serve
from toolchain.plugins.framework.values import UNKNOWN, Properties, Secret, Unknown, Value, contains_unknown

__all__ = [
    "UNKNOWN",
    "Autonaming",
    "CheckFailure",
    "CheckRequest",
    "CheckResult",
    "CreateRequest",
    "Created",
    "DeleteRequest",
    "Diff",
    "DiffKind",
    "DiffRequest",
    "InitFailedError",
    "Log",
    "Properties",
    "Provider",
    "ProviderError",
    "ReadRequest",
    "ReadResult",
    "Resource",
    "Secret",
    "Severity",
    "Status",
    "Unknown",
    "UpdateRequest",
    "Value",
    "contains_unknown",
    "serve",
]
