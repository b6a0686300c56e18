"""A plugin as a process of its own, with an engine that listens to its messages: what the engine sees of it."""

import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import grpc
from google.protobuf import empty_pb2

from toolchain.plugins.framework.protocol import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc
from toolchain.plugins.framework.values import Properties, marshal

ROOT = Path(__file__).resolve().parents[3]
END_SECONDS = 10

_Answer = TypeVar("_Answer")


class Listener(engine_pb2_grpc.EngineServicer):
    """Keeps what the plugin says."""

    def __init__(self) -> None:
        self.messages: list[engine_pb2.LogRequest] = []

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self.messages.append(request)
        return empty_pb2.Empty()


@dataclass
class Plugin:
    """A running plugin: `stub` asks it, `listener` hears it."""

    stub: "provider_pb2_grpc.ResourceProviderStub"
    listener: Listener = field(default_factory=Listener)

    def check(self, token: str, news: Properties) -> provider_pb2.CheckResponse:
        answer: provider_pb2.CheckResponse = self.stub.Check(
            provider_pb2.CheckRequest(urn=urn(token), news=marshal(news))
        )
        return answer

    def create(self, token: str, inputs: Properties, *, preview: bool = False) -> provider_pb2.CreateResponse:
        answer: provider_pb2.CreateResponse = self.stub.Create(
            provider_pb2.CreateRequest(urn=urn(token), properties=marshal(inputs), preview=preview)
        )
        return answer

    def diff(self, token: str, state: Properties, news: Properties) -> provider_pb2.DiffResponse:
        answer: provider_pb2.DiffResponse = self.stub.Diff(
            provider_pb2.DiffRequest(urn=urn(token), id="id", olds=marshal(state), news=marshal(news))
        )
        return answer

    def update(self, token: str, state: Properties, news: Properties, *, preview: bool) -> provider_pb2.UpdateResponse:
        answer: provider_pb2.UpdateResponse = self.stub.Update(
            provider_pb2.UpdateRequest(
                urn=urn(token), id="id", olds=marshal(state), news=marshal(news), preview=preview
            )
        )
        return answer

    def read(self, token: str, resource_id: str, state: Properties, inputs: Properties) -> provider_pb2.ReadResponse:
        answer: provider_pb2.ReadResponse = self.stub.Read(
            provider_pb2.ReadRequest(urn=urn(token), id=resource_id, properties=marshal(state), inputs=marshal(inputs))
        )
        return answer


def urn(token: str) -> str:
    """The URN of a resource named `r`, below a component as most are."""
    return f"urn:pulumi:test::project::portus:index:PortusStack${token}::r"


@contextmanager
def running(command: Sequence[str]) -> Iterator[Plugin]:
    """Start a plugin as the engine does; interrupt it at the end and expect a quiet exit."""
    listener = Listener()
    engine = grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(listener, engine)
    address = f"127.0.0.1:{engine.add_insecure_port('127.0.0.1:0')}"
    engine.start()
    process = subprocess.Popen([*command, address], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            plugin = Plugin(provider_pb2_grpc.ResourceProviderStub(channel), listener)
            plugin.stub.Configure(provider_pb2.ConfigureRequest(acceptSecrets=True, acceptResources=True))
            yield plugin
        process.send_signal(signal.SIGINT)
        assert process.wait(END_SECONDS) == 0
        assert process.stdout.read() == "", "the port is all that belongs on stdout"
    finally:
        process.kill()
        process.wait()
        engine.stop(None)


def failure(ask: Callable[[], _Answer]) -> grpc.RpcError:
    """The error that an RPC ends with."""
    try:
        answer = ask()
    except grpc.RpcError as error:
        return error
    raise AssertionError(f"no error but {answer}")
