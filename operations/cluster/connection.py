"""The cluster of a stack, as its state names it, and a plain client for it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from kubernetes import client, config
from kubernetes.stream import stream
from urllib3.exceptions import HTTPError

from ..console import OperationError
from ..engine import Engine
from ..state import State, is_encrypted, plain

_PROVIDER = "pulumi:providers:kubernetes"
_GONE = 404
_COMMAND_SECONDS = 30
_SUCCESSES = (200, 201, 202)
_PLURALS = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses", "BackendTLSPolicy": "backendtlspolicies"}
_CLUSTER_WIDE = ("Namespace",)

Object = Mapping[str, object]


@dataclass(frozen=True)
class Connection:
    """Asks the API server by path; objects are as it sends them."""

    api: client.ApiClient

    def ask(self, method: str, path: str, query: Mapping[str, str] | None = None) -> Object | None:
        """One request; None for what is not there. Raises OperationError for every other refusal."""
        try:
            answer = self.api.call_api(
                path,
                method,
                query_params=list((query or {}).items()),
                header_params={"Accept": "application/json"},
                response_types_map=dict.fromkeys(_SUCCESSES, "object"),
                auth_settings=["BearerToken"],
                _return_http_data_only=True,
                _request_timeout=30,
            )
        except client.ApiException as error:
            if error.status == _GONE:
                return None
            raise OperationError(f"the cluster refused {method} {path}: {error.reason}") from error
        except HTTPError as error:
            raise OperationError(
                f"the cluster does not answer: {type(error).__name__}",
                "start it, or correct kubeconfig or kube_context in the stack file, then run this again",
            ) from error
        return answer if isinstance(answer, dict) else {}

    def items(self, path: str, query: Mapping[str, str] | None = None) -> list[Object]:
        """The objects of a list; none where the kind is unknown."""
        found = (self.ask("GET", path, query) or {}).get("items")
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    def output_of(self, namespace: str, pod: str, command: Sequence[str]) -> str | None:
        """What a command prints inside a pod; None where that does not run or the command fails."""
        core = client.CoreV1Api(self.api)
        try:
            running = stream(
                core.connect_get_namespaced_pod_exec,
                pod,
                namespace,
                command=list(command),
                stdout=True,
                stderr=False,
                _preload_content=False,
            )
            running.run_forever(timeout=_COMMAND_SECONDS)
            printed = str(running.read_stdout())
            return printed if running.returncode == 0 else None
        except client.ApiException:  # it does not run
            return None


def path_of(type_: str, namespace: str, name: str = "") -> str:
    """The path of a kind, or of one object, from the provider's type (``kubernetes:apps/v1:Deployment``)."""
    _, version, kind = type_.split(":")
    root = f"/api/{version.removeprefix('core/')}" if version.startswith("core/") else f"/apis/{version}"
    plural = _PLURALS.get(kind, f"{kind.lower()}s")
    place = plural if kind in _CLUSTER_WIDE else f"namespaces/{namespace}/{plural}"
    return f"{root}/{place}/{name}".rstrip("/")


@contextmanager
def connected(engine: Engine, state: State) -> Iterator[Connection]:
    """A connection with the kubeconfig that the stack's provider has, else with the one of the environment."""
    kubeconfig, context = _given(engine, state)
    tools = 'eval "$(toolchain/env)" && ' if engine.stack.project.clone else ""
    if os.sep in kubeconfig and len(kubeconfig.split()) == 1 and not Path(kubeconfig).expanduser().exists():
        raise OperationError(
            f"the kubeconfig that stack {engine.stack.name} was deployed with is not there: {kubeconfig}",
            "put it back; if its cluster is gone for good, forget the stack:"
            f" {tools}pulumi stack rm --force --preserve-config {engine.stack.name}",
        )
    try:
        if kubeconfig and not Path(kubeconfig).expanduser().exists():
            document = yaml.safe_load(kubeconfig)
            api = config.new_client_from_config_dict(document, context=context or None, persist_config=False)
        else:
            file = kubeconfig or os.environ.get("KUBECONFIG") or None
            api = config.new_client_from_config(file, context=context or None, persist_config=False)
    except (config.ConfigException, yaml.YAMLError, OSError) as error:
        raise OperationError(
            f"there is no usable kubeconfig ({type(error).__name__})",
            "export KUBECONFIG=…, or set kubeconfig in the stack file",
        ) from error
    with api:
        yield Connection(api)


def _given(engine: Engine, state: State) -> tuple[str, str]:
    used = {each.provider for each in (*state.kubernetes_resources, *(each.resource for each in state.pending))}
    every = [each for each in state.resources if each.type == _PROVIDER]
    providers = [each for each in every if each.urn in used] or every  # nothing is there yet: the one it will be
    if any(is_encrypted(value) for each in providers for value in each.inputs.values()):
        shown = engine.export(show_secrets=True)
        urns = {each.urn for each in providers}
        providers = [each for each in shown.resources if each.urn in urns] if shown else []
    inputs = providers[0].inputs if providers else {}
    kubeconfig, context = (
        plain(inputs.get(name)) or engine.stack.setting(key)
        for name, key in (("kubeconfig", "kubeconfig"), ("context", "kube_context"))
    )
    # One that is `secure:` in the stack file is a mapping there, and known from the state alone.
    return kubeconfig if isinstance(kubeconfig, str) else "", context if isinstance(context, str) else ""
