"""The proxy of a policy pack: the configuration comes first, then every call is passed on as it is."""

from concurrent import futures

import grpc
import pytest

from toolchain.language_host.policy_proxy import PolicyProxy, configuration_environment
from toolchain.language_host.protocol import analyzer_pb2


def call(port: int, method: str, request: bytes) -> bytes:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        answer: bytes = channel.unary_unary(f"/pulumirpc.Analyzer/{method}", bytes, bytes)(request, timeout=10)
        return answer


class Pack(grpc.GenericRpcHandler):
    """A policy pack that answers every call with its name and what came."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, bytes]] = []

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        method = str(handler_call_details.method).rpartition("/")[2]

        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            self.calls.append((method, request))
            if method == "Analyze":
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the pack's own words")
            return b"answer to " + method.encode()

        return grpc.unary_unary_rpc_method_handler(answer)


def test_the_proxy_tells_the_pack_its_configuration_and_passes_calls_on() -> None:
    configuration = analyzer_pb2.AnalyzerStackConfigureRequest(
        stack="s", project="p", dry_run=True, config={"p:k": "v"}
    )
    pack = Pack()
    server = grpc.server(futures.ThreadPoolExecutor(), handlers=[pack])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with PolicyProxy() as proxy:
        assert call(proxy.port, "Handshake", b"") == b""
        assert call(proxy.port, "ConfigureStack", configuration.SerializeToString()) == b""
        assert proxy.configuration() == configuration
        proxy.attach(port)
        assert call(proxy.port, "GetAnalyzerInfo", b"question") == b"answer to GetAnalyzerInfo"
        with pytest.raises(grpc.RpcError, match="the pack's own words"):
            call(proxy.port, "Analyze", b"")
    assert pack.calls[0] == ("ConfigureStack", configuration.SerializeToString())
    assert pack.calls[1] == ("GetAnalyzerInfo", b"question")
    server.stop(grace=None)


def test_the_proxy_fails_calls_when_the_pack_never_comes() -> None:
    with PolicyProxy() as proxy:
        proxy.give_up("the reason")
        with pytest.raises(grpc.RpcError, match="the reason"):
            call(proxy.port, "GetAnalyzerInfo", b"")
        with pytest.raises(RuntimeError, match="the reason"):
            proxy.configuration()


def test_configuration_of_a_policy_pack() -> None:
    assert configuration_environment(None) == {}
    configuration = analyzer_pb2.AnalyzerStackConfigureRequest(stack="s", project="p", config={"p:k": "v"})
    assert configuration_environment(configuration) == {
        "PULUMI_STACK": "s",
        "PULUMI_PROJECT": "p",
        "PULUMI_DRY_RUN": "false",
        "PULUMI_CONFIG": '{"p:k": "v"}',
    }
