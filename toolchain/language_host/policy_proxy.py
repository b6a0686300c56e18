"""Answers the engine in a policy pack's place until the pack runs, then passes every call on to it.

The Python SDK for policies takes project, stack and configuration from the environment in which it starts, but the
engine tells them by a call to the running pack (`ConfigureStack`). So the engine is given this server's port first.
"""

import json
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType

import grpc

from toolchain.protocol import CHANNEL_OPTIONS

from .protocol import analyzer_pb2

_SERVICE = "/pulumirpc.Analyzer/"
_CONFIGURE_STACK = f"{_SERVICE}ConfigureStack"
_HANDSHAKE = f"{_SERVICE}Handshake"
_THREADS = 64
"""Calls at a time: the engine analyzes resources in parallel."""

StackConfiguration = analyzer_pb2.AnalyzerStackConfigureRequest


class PolicyProxy(grpc.GenericRpcHandler):
    """A server for one policy pack. Every call of the service is one message each way, passed on as it came."""

    def __init__(self) -> None:
        """Start serving on a free port of the loopback interface."""
        self._configuration: Future[StackConfiguration | None] = Future()
        self._pack: Future[grpc.Channel] = Future()
        self._server = grpc.server(ThreadPoolExecutor(_THREADS), handlers=[self], options=CHANNEL_OPTIONS)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def __enter__(self) -> "PolicyProxy":
        """The proxy itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving; calls that still wait for the pack fail."""
        self.give_up("the policy pack has ended")
        self._server.stop(grace=None)

    def configuration(self) -> StackConfiguration | None:
        """Wait for the stack's configuration; none if the engine asks for something else first (`policy publish`).

        Raises:
            RuntimeError: `give_up` was called.
        """
        return self._configuration.result()

    def attach(self, port: int) -> None:
        """Pass calls on to the pack that listens on this port, its configuration first.

        Raises:
            grpc.RpcError: the pack does not take its configuration.
        """
        channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS)
        configuration = self._configuration.result()
        if configuration is not None:
            try:
                _call(channel, _CONFIGURE_STACK, configuration.SerializeToString())
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNIMPLEMENTED:
                    raise
        self._pack.set_result(channel)

    def give_up(self, reason: str) -> None:
        """Let everything that waits fail."""
        for awaited in (self._configuration, self._pack):
            if not awaited.done():
                awaited.set_exception(RuntimeError(reason))

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        """gRPC's question what to do with a call."""
        return grpc.unary_unary_rpc_method_handler(partial(self._answer, str(handler_call_details.method)))

    def _answer(self, method: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        if method == _HANDSHAKE:
            return analyzer_pb2.AnalyzerHandshakeResponse().SerializeToString()
        if method == _CONFIGURE_STACK:
            self._configure(StackConfiguration.FromString(request))
            return analyzer_pb2.AnalyzerStackConfigureResponse().SerializeToString()
        self._configure(None)
        try:
            return _call(self._pack.result(), method, request)
        except grpc.RpcError as error:
            context.abort(error.code(), error.details() or "")
        except RuntimeError as error:
            context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        raise AssertionError("abort raises")

    def _configure(self, configuration: StackConfiguration | None) -> None:
        if not self._configuration.done():
            self._configuration.set_result(configuration)


def _call(channel: grpc.Channel, method: str, request: bytes) -> bytes:
    """Call a method with a message that is not decoded, and get the answer as it came."""
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method, bytes, bytes)
    return call(request)


def configuration_environment(configuration: StackConfiguration | None) -> Mapping[str, str]:
    """What the Python SDK for policies reads when it starts."""
    if configuration is None:
        return {}
    variables = {
        "PULUMI_ORGANIZATION": configuration.organization,
        "PULUMI_PROJECT": configuration.project,
        "PULUMI_STACK": configuration.stack,
        "PULUMI_DRY_RUN": "true" if configuration.dry_run else "false",
        "PULUMI_CONFIG": json.dumps(dict(configuration.config)),
    }
    return {name: value for name, value in variables.items() if value}
