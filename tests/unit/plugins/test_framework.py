"""The framework over gRPC: what the engine sees of any handler."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import grpc
import pytest
from google.protobuf import empty_pb2

from tests.unit.plugins.plugin_process import ROOT, Listener, Plugin, failure, running, urn
from toolchain.plugins.framework import (
    Created,
    CreateRequest,
    Diff,
    DiffKind,
    DiffRequest,
    InitFailedError,
    Properties,
    Provider,
    ProviderError,
    ReadRequest,
    ReadResult,
    Resource,
    Severity,
    UpdateRequest,
)
from toolchain.plugins.framework.engine_log import EngineLog
from toolchain.plugins.framework.protocol import engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2
from toolchain.plugins.framework.servicer import ProviderServicer
from toolchain.plugins.framework.values import marshal, unmarshal

TOKEN = "test:index:Thing"


class Thing(Resource):
    """A handler that does what its input `case` says."""

    def diff(self, request: DiffRequest) -> Diff:
        assert (request.type, request.name) == (TOKEN, "r")
        if request.news["case"] == "undetailed":
            return Diff(changed=True, replaces=("a",), diffs=("a",))
        return Diff(changed=True, detailed={"a[0]": DiffKind.ADD_REPLACE}, replaces=("a",), delete_before_replace=True)

    def create(self, request: CreateRequest) -> Created:
        case = request.inputs["case"]
        if case == "init":
            raise InitFailedError("the-id", {"a": 1}, ["it did not start", "exit code 2"])
        if case == "refused":
            raise ProviderError("no such thing")
        if case == "defect":
            raise ValueError(request.inputs["secret"])
        request.log(Severity.WARNING, "careful")
        request.status("half way")
        return Created("the-id", {"timeout": request.timeout})

    def read(self, request: ReadRequest) -> ReadResult | None:
        return None

    def update(self, request: UpdateRequest) -> Properties:
        return {"old": request.old_inputs["case"], "ignored": list(request.ignore_changes)}


@pytest.fixture(name="plugin", scope="module")
def served_thing() -> Iterator[Plugin]:
    engine = grpc.server(ThreadPoolExecutor(2))
    listener = Listener()
    engine_pb2_grpc.add_EngineServicer_to_server(listener, engine)
    address = f"127.0.0.1:{engine.add_insecure_port('127.0.0.1:0')}"
    server = grpc.server(ThreadPoolExecutor(2))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(
        ProviderServicer(Provider("test", "1.2.3", {TOKEN: Thing()}), EngineLog(address)), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    engine.start()
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Plugin(provider_pb2_grpc.ResourceProviderStub(channel), listener)
    server.stop(None)
    engine.stop(None)


def test_a_failed_initialisation_carries_the_state(plugin: Plugin) -> None:
    error = failure(lambda: plugin.create(TOKEN, {"case": "init"}))
    assert error.code() is grpc.StatusCode.UNKNOWN
    packed = next(item.value for item in error.trailing_metadata() if item.key == "grpc-status-details-bin")
    assert isinstance(packed, bytes)
    status = status_pb2.Status.FromString(packed)
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert (detail.id, unmarshal(detail.properties)) == ("the-id", {"a": 1})
    assert list(detail.reasons) == ["it did not start", "exit code 2"]


def test_a_providers_error_is_shown_as_it_stands(plugin: Plugin) -> None:
    assert failure(lambda: plugin.create(TOKEN, {"case": "refused"})).details() == "no such thing"


def test_a_defect_is_called_one_and_quotes_nothing(plugin: Plugin, capsys: pytest.CaptureFixture[str]) -> None:
    error = failure(lambda: plugin.create(TOKEN, {"case": "defect", "secret": "hunter2"}))
    assert (error.code(), error.details()) == (
        grpc.StatusCode.INTERNAL,
        "defect of the provider plugin in Create: ValueError",
    )
    shown = capsys.readouterr().err
    assert "test_framework.py" in shown and "hunter2" not in shown


def test_messages_and_progress_reach_the_engine(plugin: Plugin) -> None:
    plugin.listener.messages.clear()
    plugin.create(TOKEN, {"case": "fine"})
    said = [(message.message, message.ephemeral, message.severity) for message in plugin.listener.messages]
    assert said == [("careful", False, 2), ("half way", True, 1)]
    assert {message.urn for message in plugin.listener.messages} == {urn(TOKEN)}


def test_a_type_that_is_not_covered_is_refused_by_name(plugin: Plugin) -> None:
    details = str(failure(lambda: plugin.check("test:index:Other", {})).details())
    assert "'test:index:Other' is not covered" in details and TOKEN in details and "PROVIDERS=official" in details
    details = str(failure(lambda: plugin.stub.Invoke(provider_pb2.InvokeRequest(tok="test:index:get"))).details())
    assert "function 'test:index:get' is not covered" in details


def test_diffs_with_and_without_details(plugin: Plugin) -> None:
    plain = plugin.diff(TOKEN, {}, {"case": "undetailed"})
    assert (plain.changes, list(plain.replaces), plain.hasDetailedDiff) == (2, ["a"], False)
    detailed = plugin.diff(TOKEN, {}, {"case": "detailed"})
    assert detailed.hasDetailedDiff and detailed.deleteBeforeReplace
    assert detailed.detailedDiff["a[0]"].kind == provider_pb2.PropertyDiff.ADD_REPLACE


def test_what_is_gone_is_an_empty_answer(plugin: Plugin) -> None:
    assert plugin.read(TOKEN, "the-id", {"a": 1}, {}) == provider_pb2.ReadResponse()


def test_cancelling_reaches_the_handlers() -> None:
    provider = Provider("test", "1.2.3", {})
    servicer = ProviderServicer(provider, EngineLog("127.0.0.1:1"))
    assert not provider.cancelled.is_set()
    servicer.Cancel(empty_pb2.Empty(), cast(grpc.ServicerContext, None))
    assert provider.cancelled.is_set()


def test_old_inputs_and_ignored_changes_are_passed_on(plugin: Plugin) -> None:
    answer = plugin.stub.Update(
        provider_pb2.UpdateRequest(urn=urn(TOKEN), old_inputs=marshal({"case": "x"}), ignoreChanges=["a"])
    )
    assert unmarshal(answer.properties) == {"old": "x", "ignored": ["a"]}


def test_a_change_of_configuration_is_an_update_of_the_provider(plugin: Plugin) -> None:
    request = provider_pb2.DiffRequest(old_inputs=marshal({"a": "1"}), news=marshal({"a": "2"}))
    assert (plugin.stub.DiffConfig(request).changes, list(plugin.stub.DiffConfig(request).replaces)) == (2, [])
    unchanged = provider_pb2.DiffRequest(old_inputs=marshal({"a": "1"}), news=marshal({"a": "1"}))
    assert plugin.stub.DiffConfig(unchanged).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_an_unknown_configuration_key_is_named(plugin: Plugin) -> None:
    answer = plugin.stub.CheckConfig(provider_pb2.CheckRequest(news=marshal({"bogus": "1", "version": "1.2.3"})))
    assert [failed.reason for failed in answer.failures] == [
        "`test:bogus` is not a valid configuration key for the test provider. If the referenced key is not intended "
        "for the provider, please choose a different namespace from `test:`."
    ]


@pytest.mark.parametrize("name", ["random", "tls", "kubernetes"])
def test_a_plugin_starts_answers_and_ends_quietly(name: str) -> None:
    with running([sys.executable, "-m", f"toolchain.plugins.{name}", "-logtostderr"]) as plugin:
        error = failure(lambda: plugin.check(f"{name}:index:Other", {}))
        assert "is not covered" in str(error.details())


@pytest.mark.parametrize("name", ["random", "tls", "kubernetes"])
def test_starting_loads_neither_the_sdk_nor_the_cryptography(name: str) -> None:
    """A preview starts every plugin: what is not needed to answer the first question is loaded later."""
    program = f"import sys, toolchain.plugins.{name}.__main__; print(*sys.modules)"
    finished = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"pulumi", "cryptography", "bcrypt", "kubernetes", "yaml"} & set(finished.stdout.split())


def test_a_plugin_does_not_outlive_an_engine_that_was_killed() -> None:
    start = "import subprocess, sys; p = subprocess.Popen(sys.argv[1:], stdout=1); print(p.pid, flush=True); p.wait()"
    plugin = [sys.executable, "-m", "toolchain.plugins.random", "127.0.0.1:1"]
    engine = subprocess.Popen([sys.executable, "-c", start, *plugin], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert engine.stdout is not None
    numbers = [engine.stdout.readline(), engine.stdout.readline()]
    assert all(number.strip().isdigit() for number in numbers), "the plugin's id and its port"
    engine.kill()
    engine.wait()
    assert engine.stdout.read() == "", "the end of the stream comes when the plugin has ended"


@pytest.mark.parametrize("name", ["random", "tls", "kubernetes"])
def test_starting_twice_is_no_trouble(name: str) -> None:
    command = [sys.executable, "-m", f"toolchain.plugins.{name}"]
    with running(command) as one, running(command) as other:
        assert one.stub.GetPluginInfo(empty_pb2.Empty()) == other.stub.GetPluginInfo(empty_pb2.Empty())


def test_without_an_address_it_says_who_starts_it() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "toolchain.plugins.random"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 2
    assert "is started by the Pulumi engine" in finished.stderr
