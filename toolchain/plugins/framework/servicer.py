"""The engine's `ResourceProvider` gRPC service on top of a `Provider`."""

from functools import partial
from threading import Event
from typing import Protocol, TypedDict

from google.protobuf import empty_pb2, struct_pb2

from toolchain.plugins.framework import resource
from toolchain.plugins.framework.engine_log import EngineLog
from toolchain.plugins.framework.failures import answering
from toolchain.plugins.framework.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from toolchain.plugins.framework.provider import Provider
from toolchain.plugins.framework.resource import CheckResult, Diff
from toolchain.plugins.framework.values import Properties, marshal, unmarshal

_AUTONAMING_MODES = ("propose", "enforce", "disable")


class _About(Protocol):
    """The part that every request about a resource has."""

    urn: str


class _Common(TypedDict):
    """The fields of `resource.Request`."""

    urn: str
    type: str
    name: str
    log: resource.Log
    status: resource.Status
    cancelled: Event


class ProviderServicer(provider_pb2_grpc.ResourceProviderServicer):
    """Translates messages; decides nothing. Methods that are missing here answer "unimplemented" (base class)."""

    def __init__(self, provider: Provider, log: EngineLog) -> None:
        self._provider = provider
        self._log = log

    @answering
    def GetPluginInfo(self, message: empty_pb2.Empty) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._provider.version)

    @answering
    def Cancel(self, message: empty_pb2.Empty) -> empty_pb2.Empty:
        self._provider.cancelled.set()
        return empty_pb2.Empty()

    @answering
    def CheckConfig(self, message: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        return _check_response(self._provider.check_config(self._read(message.news)))

    @answering
    def DiffConfig(self, message: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        return _diff_response(self._provider.diff_config(self._read(message.old_inputs), self._read(message.news)))

    @answering
    def Configure(self, message: provider_pb2.ConfigureRequest) -> provider_pb2.ConfigureResponse:
        self._provider.configure(self._read(message.args))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=self._provider.accepts_secrets,
            supportsPreview=True,
            supports_autonaming_configuration=self._provider.autonaming,
        )

    @answering
    def Invoke(self, message: provider_pb2.InvokeRequest) -> provider_pb2.InvokeResponse:
        result = self._provider.function(message.tok)(self._read(message.args))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(marshal(result))  # a keyword of Python
        return response

    @answering
    def Check(self, message: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        naming = message.autonaming if message.HasField("autonaming") else None
        request = resource.CheckRequest(
            **self._about(message),
            olds=self._read(message.olds),
            news=self._read(message.news),
            random_seed=message.randomSeed,
            autonaming=naming and resource.Autonaming(naming.proposed_name, _AUTONAMING_MODES[naming.mode]),
        )
        return _check_response(self._handler(message).check(request))

    @answering
    def Diff(self, message: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        request = resource.DiffRequest(
            **self._about(message),
            id=message.id,
            olds=self._read(message.olds),
            old_inputs=self._read(message.old_inputs),
            news=self._read(message.news),
            ignore_changes=list(message.ignoreChanges),
        )
        return _diff_response(self._handler(message).diff(request))

    @answering
    def Create(self, message: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        request = resource.CreateRequest(
            **self._about(message),
            inputs=self._read(message.properties),
            timeout=message.timeout,
            preview=message.preview,
        )
        created = self._handler(message).create(request)
        return provider_pb2.CreateResponse(id=created.id, properties=marshal(created.outputs))

    @answering
    def Read(self, message: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        request = resource.ReadRequest(
            **self._about(message),
            id=message.id,
            outputs=self._read(message.properties),
            inputs=self._read(message.inputs),
        )
        found = self._handler(message).read(request)
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=found.id, properties=marshal(found.outputs), inputs=marshal(found.inputs))

    @answering
    def Update(self, message: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        request = resource.UpdateRequest(
            **self._about(message),
            id=message.id,
            olds=self._read(message.olds),
            old_inputs=self._read(message.old_inputs),
            news=self._read(message.news),
            timeout=message.timeout,
            ignore_changes=list(message.ignoreChanges),
            preview=message.preview,
        )
        return provider_pb2.UpdateResponse(properties=marshal(self._handler(message).update(request)))

    @answering
    def Delete(self, message: provider_pb2.DeleteRequest) -> empty_pb2.Empty:
        request = resource.DeleteRequest(
            **self._about(message),
            id=message.id,
            outputs=self._read(message.properties),
            old_inputs=self._read(message.old_inputs),
            timeout=message.timeout,
        )
        self._handler(message).delete(request)
        return empty_pb2.Empty()

    def _read(self, properties: struct_pb2.Struct) -> Properties:
        return unmarshal(properties, keep_secrets=self._provider.accepts_secrets)

    def _handler(self, message: _About) -> resource.Resource:
        return self._provider.resource(_type(message.urn))

    def _about(self, message: _About) -> _Common:
        return {
            "urn": message.urn,
            "type": _type(message.urn),
            "name": message.urn.split("::", 3)[3],
            "log": partial(self._log.message, message.urn),
            "status": partial(self._log.status, message.urn),
            "cancelled": self._provider.cancelled,
        }


def _type(urn: str) -> str:
    """The type token in `urn:pulumi:STACK::PROJECT::PARENT_TYPE$TYPE::NAME`."""
    return urn.split("::", 3)[2].rsplit("$", 1)[-1]


def _check_response(result: CheckResult) -> provider_pb2.CheckResponse:
    failures = [
        provider_pb2.CheckFailure(property=failure.property, reason=failure.reason) for failure in result.failures
    ]
    return provider_pb2.CheckResponse(inputs=marshal(result.inputs), failures=failures)


def _diff_response(diff: Diff) -> provider_pb2.DiffResponse:
    changes = {
        None: provider_pb2.DiffResponse.DIFF_UNKNOWN,
        False: provider_pb2.DiffResponse.DIFF_NONE,
        True: provider_pb2.DiffResponse.DIFF_SOME,
    }
    detailed = diff.detailed or {}
    return provider_pb2.DiffResponse(
        changes=changes[diff.changed],
        replaces=diff.replaces,
        stables=diff.stables,
        diffs=diff.diffs,
        detailedDiff={
            path: provider_pb2.PropertyDiff(
                kind=provider_pb2.PropertyDiff.Kind.Value(kind.name), inputDiff=path in diff.input_diffs
            )
            for path, kind in detailed.items()
        },
        hasDetailedDiff=diff.detailed is not None,
        deleteBeforeReplace=diff.delete_before_replace,
    )
