"""As much of an engine as it takes to construct a component: it answers a preview and notes what was registered."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc


class Engine(engine_pb2_grpc.EngineServicer, resource_pb2_grpc.ResourceMonitorServicer):
    """Serves at ``address``.

    Attributes:
        registered: the types of the resources that were asked for.
        outputs: URN → names of the outputs that a component has in the state.
    """

    def __init__(self) -> None:
        self.registered: list[str] = []
        self.outputs: dict[str, set[str]] = {}
        self.server = grpc.server(ThreadPoolExecutor(4))
        engine_pb2_grpc.add_EngineServicer_to_server(self, self.server)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(self, self.server)
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def construction(self, inputs: dict[str, Any]) -> provider_pb2.ConstructRequest:
        """What an engine asks of a plugin when a program in another language makes a PortusStack."""
        request = provider_pb2.ConstructRequest(
            type="portus:index:PortusStack",
            name="test",
            project="p",
            stack="s",
            monitorEndpoint=self.address,
            dryRun=True,
        )
        request.inputs.update(inputs)
        return request

    def Log(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def SupportsFeature(self, request: Any, context: Any) -> resource_pb2.SupportsFeatureResponse:
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def RegisterResource(self, request: Any, context: Any) -> resource_pb2.RegisterResourceResponse:
        self.registered.append(request.type)
        urn = f"urn:pulumi:s::p::{request.type}::{request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)

    def RegisterResourceOutputs(self, request: Any, context: Any) -> empty_pb2.Empty:
        self.outputs[request.urn] = set(request.outputs)
        return empty_pb2.Empty()

    def RegisterErrorHook(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()
