"""Messages from a plugin to the engine's display."""

import grpc

from toolchain.plugins.framework.protocol import engine_pb2, engine_pb2_grpc
from toolchain.plugins.framework.resource import Severity

_SEVERITIES = {
    Severity.DEBUG: engine_pb2.LogSeverity.DEBUG,
    Severity.INFO: engine_pb2.LogSeverity.INFO,
    Severity.WARNING: engine_pb2.LogSeverity.WARNING,
    Severity.ERROR: engine_pb2.LogSeverity.ERROR,
}


class EngineLog:
    """Sends messages to the engine at `address` (host:port). The connection is made with the first message."""

    def __init__(self, address: str) -> None:
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def message(self, urn: str, severity: Severity, text: str) -> None:
        """Show `text` in the diagnostics of the resource."""
        self._send(urn, severity, text, ephemeral=False)

    def status(self, urn: str, text: str, severity: Severity = Severity.INFO) -> None:
        """Show `text` as the resource's progress; it is replaced by the next one and not kept."""
        self._send(urn, severity, text, ephemeral=True)

    def _send(self, urn: str, severity: Severity, text: str, *, ephemeral: bool) -> None:
        request = engine_pb2.LogRequest(severity=_SEVERITIES[severity], message=text, urn=urn, ephemeral=ephemeral)
        self._engine.Log(request)
