"""Runs a program against a monitor that keeps every request, so that what a deployment asks for can be read back.

The monitor answers as the engine and the providers would: each generated secret holds :data:`MARK`, and what a request
names as secret comes back as secret. It cannot show what an engine or a provider decides (defaults, diffs, waits): the
engine rung does.
"""

import contextvars
import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from unittest import mock

import pulumi
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import mocks, rpc, settings, sync_await
from pulumi.runtime import resource as runtime_resource
from pulumi.runtime.proto import resource_pb2, source_pb2

from tests.unit.portus.token_key import PORTUS_DEVELOPMENT_KEY_PEM

MARK = "SENTINEL"
"""Stands in every secret that the monitor generates; tests put it into those that they give."""
PROJECT = "portus-stack"
STACK = "pulumi:pulumi:Stack"
COMPONENT = "portus:index:PortusStack"
EXPIRY = "2027-01-01T00:00:00Z"
REPORT = {"digest": "sha256:00", "repository": "portus_stack_smoke_check_0a1b2c3d/smoke-check"}

Json = None | bool | float | str | list["Json"] | dict[str, "Json"]


def is_secret(value: object) -> bool:
    """Whether a serialised value carries the signature of a secret."""
    return isinstance(value, dict) and value.get(rpc._special_sig_key) == rpc._special_secret_sig


def reveal(value: Json) -> Json:
    """A serialised value without secret signatures."""
    if isinstance(value, dict):
        return reveal(value["value"]) if is_secret(value) else {key: reveal(item) for key, item in value.items()}
    return [reveal(item) for item in value] if isinstance(value, list) else value


def conceal(value: Json) -> Json:
    """A serialised value as a log or a diff shows it: secrets replaced."""
    if isinstance(value, dict):
        return "[secret]" if is_secret(value) else {key: conceal(item) for key, item in value.items()}
    return [conceal(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Registration:
    """One resource as it was asked for; ``inputs`` with secret signatures, ``values`` without."""

    urn: str
    request: resource_pb2.RegisterResourceRequest
    inputs: dict[str, Json]

    @property
    def type(self) -> str:
        return self.request.type

    @property
    def name(self) -> str:
        return self.request.name

    @functools.cached_property
    def values(self) -> dict[str, Json]:
        revealed = reveal(self.inputs)
        assert isinstance(revealed, dict)
        return revealed

    @functools.cached_property
    def labels(self) -> dict[str, str]:
        metadata = self.values.get("metadata")
        if isinstance(metadata, dict):
            return {key: str(value) for key, value in cast(dict[str, Json], metadata.get("labels") or {}).items()}
        found = self.values.get("labels") or []
        assert isinstance(found, list)
        return {str(item["label"]): str(item["value"]) for item in found if isinstance(item, dict)}

    @functools.cached_property
    def visible(self) -> str:
        """Everything in the request that is not secret, as text that is alike for requests that ask for the same."""
        message = json_format.MessageToDict(self.request)
        for where in ("sourcePosition", "stackTrace"):
            message.pop(where, None)
        message["object"] = conceal(self.inputs)
        message["dependencies"] = sorted(message.get("dependencies", ()))
        for dependency in message.get("propertyDependencies", {}).values():
            dependency["urns"] = sorted(dependency.get("urns", ()))
        return json.dumps(message, sort_keys=True)


@dataclass
class Recording:
    """What one run of a program asked for."""

    registrations: list[Registration] = field(default_factory=list)
    outputs: dict[str, dict[str, Json]] = field(default_factory=dict)
    invokes: list[str] = field(default_factory=list)
    exports: dict[str, object] = field(default_factory=dict)
    hooks: dict[str, pulumi.ErrorHook] = field(default_factory=dict)

    def of_type(self, token: str) -> list[Registration]:
        return [one for one in self.registrations if one.type == token]

    def named(self, name: str, token: str | None = None) -> Registration:
        found = [one for one in self.registrations if one.name == name and token in (None, one.type)]
        assert len(found) == 1, f"{name} ({token}): {[one.urn for one in found]}"
        return found[0]

    @property
    def containers(self) -> dict[str, Registration]:
        """Containers that run, by name."""
        return {one.name: one for one in self.of_type(CONTAINER) if one.values.get("start") is not False}

    def __iter__(self) -> Iterator[Registration]:
        return iter(self.registrations)


CONTAINER = "docker:index/container:Container"
NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"
IMAGE = "docker:index/remoteImage:RemoteImage"
SERVICE = "kubernetes:core/v1:Service"
JOB = "kubernetes:batch/v1:Job"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
SECRET = "kubernetes:core/v1:Secret"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
NAMESPACE = "kubernetes:core/v1:Namespace"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
COMPLETED_AT = "2026-11-25T12:00:00Z"
PASSWORD = "random:index/randomPassword:RandomPassword"
IDENTIFIER = "random:index/randomId:RandomId"
PRIVATE_KEY = "tls:index/privateKey:PrivateKey"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _generated(request: resource_pb2.RegisterResourceRequest) -> dict[str, str]:
    """What the provider adds to the inputs."""
    secret = f"{MARK}x{request.name.replace('-', 'x')}"
    return {
        PASSWORD: {"result": secret, "bcryptHash": secret},
        IDENTIFIER: {"hex": _digest(request.name)[:8]},
        PRIVATE_KEY: {"privateKeyPem": secret, "publicKeyPem": PORTUS_DEVELOPMENT_KEY_PEM},
        "tls:index/selfSignedCert:SelfSignedCert": {
            "certPem": f"certificate {request.name}",
            "validityEndTime": EXPIRY,
        },
        "tls:index/certRequest:CertRequest": {"certRequestPem": f"request {request.name}"},
        "tls:index/locallySignedCert:LocallySignedCert": {
            "certPem": f"certificate {request.name}",
            "validityEndTime": EXPIRY,
        },
        IMAGE: {
            "imageId": f"sha256:{_digest(request.name)}",
            "repoDigest": f"{_repository(request)}@sha256:{_digest(request.name)}",
        },
    }.get(request.type, {})


def _repository(request: resource_pb2.RegisterResourceRequest) -> str:
    """Of the image that is asked for."""
    return str(request.object.fields["name"].string_value).partition("@")[0].rpartition(":")[0]


def generated_name(resource: str) -> str:
    """The name of an object that was asked for without one."""
    return f"{resource}-{_digest(resource)[:8]}"


def _on_cluster(request: resource_pb2.RegisterResourceRequest, preview: bool) -> dict[str, Json]:
    """What the API server adds: a name is known at once, the rest when the object exists."""
    inputs = reveal(json_format.MessageToDict(request.object))
    assert isinstance(inputs, dict)
    metadata = cast(dict[str, Json], inputs.get("metadata") or {})
    state: dict[str, Json] = {"metadata": {"name": generated_name(request.name), **metadata}}
    if preview:
        return state
    cast(dict[str, Json], state["metadata"]).update({"uid": _digest(request.name)[:12], "generation": 1})
    if request.type == SERVICE:
        specification = cast(dict[str, Json], inputs["spec"])
        state["spec"] = {**specification, "clusterIP": f"10.96.0.{int(_digest(request.name)[:2], 16)}"}
    if request.type == JOB:
        state["status"] = {"completionTime": COMPLETED_AT}
    return state


class NoMocks(mocks.Mocks):
    """The monitor answers by itself."""

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, object], None]:
        raise NotImplementedError

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, object]]:
        raise NotImplementedError


class RecordingMonitor(mocks.MockMonitor):
    """Keeps requests. In a preview it answers with the inputs alone, so that all that is generated stays unknown."""

    def __init__(self, stack: str, preview: bool) -> None:
        super().__init__(NoMocks())
        self.stack, self.preview = stack, preview
        self.recording = Recording()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The engine's form: the types of all ancestors but the stack."""
        above = parent.split("::")[2] if parent else STACK
        qualified = type_ if above == STACK else f"{above}${type_}"
        return f"urn:pulumi:{self.stack}::{PROJECT}::{qualified}::{name}"

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs = json_format.MessageToDict(request.object)
        self.recording.registrations.append(Registration(urn, request, inputs))
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        state = struct_pb2.Struct()
        state.CopyFrom(request.object)
        if not self.preview:
            state.update(_generated(request))
        if request.type.startswith("kubernetes:"):
            state.update(_on_cluster(request, self.preview))
        for name in request.additionalSecretOutputs:
            if name in state and not is_secret(json_format.MessageToDict(state).get(name)):
                value = json_format.MessageToDict(state)[name]
                state.update({name: {rpc._special_sig_key: rpc._special_secret_sig, "value": value}})
        identity = "" if self.preview else _digest(request.name + json.dumps(inputs, sort_keys=True))  # as Docker's are
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=state)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        self.recording.outputs[request.urn] = json_format.MessageToDict(request.outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        self.recording.invokes.append(request.tok)
        answer = struct_pb2.Struct()
        answer.update({"logsListStrings": ["smoke_check: pushed", f"smoke_check: result: {json.dumps(REPORT)}"]})
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(answer)
        return response


class _Hooks:
    """Takes the place of the server through which an engine calls hooks back: it keeps them."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def register_error_hook(self, hook: pulumi.ErrorHook) -> None:
        self._recording.hooks[hook.name] = hook


def record(
    program: Callable[[], object],
    *,
    preview: bool = False,
    stack: str = "test",
    config: Mapping[str, str] | None = None,
    secret_keys: Sequence[str] = (),
) -> Recording:
    """Run ``program`` and wait until everything that it started has ended; raises what it raises."""
    run = functools.partial(_record, program, preview, stack, dict(config or {}), list(secret_keys))
    return contextvars.copy_context().run(run)  # the SDK's settings are context variables: nothing is left behind


def _record(
    program: Callable[[], object], preview: bool, stack: str, config: dict[str, str], secret_keys: list[str]
) -> Recording:
    monitor = RecordingMonitor(stack, preview)
    sync_await._ensure_event_loop()  # type: ignore[no-untyped-call]
    settings.ROOT.set(None)
    mocks.set_mocks(NoMocks(), project=PROJECT, stack=stack, preview=preview, monitor=monitor)
    settings.SETTINGS.callbacks = _Hooks(monitor.recording)
    pulumi.runtime.set_all_config(config, secret_keys)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> None:
        program()

    # The SDK writes the whole stack of calls into every request: a quarter of the time below pytest's sixty frames.
    with mock.patch.object(runtime_resource, "_get_stack_trace", source_pb2.StackTrace):
        run()
    root = pulumi.runtime.get_root_resource()
    monitor.recording.exports = dict(getattr(root, "outputs", {}))
    return monitor.recording
