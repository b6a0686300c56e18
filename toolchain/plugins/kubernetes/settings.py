"""The provider's configuration.

Source: `provider.go` of pulumi-kubernetes, `CheckConfig`, `DiffConfig` and `Configure`. Values arrive as strings, JSON
where the program gave something else. An environment variable counts where the key is absent.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from toolchain.plugins.framework import UNKNOWN, CheckFailure, CheckResult, Diff, Properties
from toolchain.plugins.kubernetes.kubeconfig import KubeconfigError, active_cluster

KUBECONFIG_KEYS: Final = ("kubeconfig", "context", "cluster")

_VARIABLES: Final = {
    "enableServerSideApply": "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY",
    "upsertExistingObjects": "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
    "enablePatchForce": "PULUMI_K8S_ENABLE_PATCH_FORCE",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
    "deleteUnreachable": "PULUMI_K8S_DELETE_UNREACHABLE",
    "skipUpdateUnreachable": "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
    "suppressDeprecationWarnings": "PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS",
    "suppressHelmHookWarnings": "PULUMI_K8S_SUPPRESS_HELM_HOOK_WARNINGS",
}
_CLIENT_VARIABLES: Final = {
    "burst": "PULUMI_K8S_CLIENT_BURST",
    "qps": "PULUMI_K8S_CLIENT_QPS",
    "timeout": "PULUMI_K8S_CLIENT_TIMEOUT",
}
_REFUSED: Final = {
    "renderYamlToDirectory": "writing manifests instead of deploying",
    "alwaysRender": "writing manifests instead of deploying",
    "helmReleaseSettings": "Helm releases",
    "strictMode": "strict mode",
    "rejectUnknownResources": "validation by the OpenAPI document",
}
_AWAIT_ALL: Final = "PULUMI_K8S_AWAIT_ALL"
KEYS: Final = frozenset({*_VARIABLES, *KUBECONFIG_KEYS, "namespace", "clusterIdentifier", "kubeClientSettings"})


@dataclass(frozen=True)
class ClientSettings:
    """How hard the API server may be asked: `qps` requests a second, `burst` at once, `timeout` seconds for one
    request (0: no limit)."""

    burst: int = 120
    qps: float = 50.0
    timeout: float = 0.0


@dataclass(frozen=True)
class Settings:
    """What a provider was configured with. `kubeconfig` is a path or a document; empty: client-go's own rules."""

    kubeconfig: str = ""
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    upsert: bool = False
    force: bool = False
    mutable_config_maps: bool = False
    mutable_secrets: bool = False
    delete_unreachable: bool = False
    skip_update_unreachable: bool = False
    suppress_deprecation_warnings: bool = False
    suppress_helm_hook_warnings: bool = False
    client: ClientSettings = ClientSettings()


def settings(config: Properties, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read a checked configuration. Raises `ValueError` for client settings that are none."""
    given = {**_from_environment(environment), **{key: value for key, value in config.items() if value is not None}}

    def text(key: str) -> str:
        value = given.get(key)
        return value if isinstance(value, str) else json.dumps(value) if isinstance(value, Mapping | bool) else ""

    def flag(key: str) -> bool:
        return text(key) == "true"

    return Settings(
        kubeconfig=text("kubeconfig"),
        context=text("context"),
        cluster=text("cluster"),
        namespace=text("namespace"),
        upsert=flag("upsertExistingObjects"),
        force=flag("enablePatchForce"),
        mutable_config_maps=flag("enableConfigMapMutable"),
        mutable_secrets=flag("enableSecretMutable"),
        delete_unreachable=flag("deleteUnreachable"),
        skip_update_unreachable=flag("skipUpdateUnreachable"),
        suppress_deprecation_warnings=flag("suppressDeprecationWarnings"),
        suppress_helm_hook_warnings=flag("suppressHelmHookWarnings"),
        client=_client(text("kubeClientSettings"), environment),
    )


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {key: environment[variable] for key, variable in _VARIABLES.items() if variable in environment}


def _client(given: str, environment: Mapping[str, str]) -> ClientSettings:
    said = json.loads(given) if given else {}
    values = {
        key: float(value)
        for key, variable in _CLIENT_VARIABLES.items()
        if (value := said.get(key, environment.get(variable))) not in (None, "")
    }
    standard = ClientSettings()
    return ClientSettings(
        burst=int(values.get("burst", standard.burst)),
        qps=values.get("qps", standard.qps),
        timeout=values.get("timeout", standard.timeout),
    )


def check_configuration(news: Properties, environment: Mapping[str, str] = os.environ) -> CheckResult:
    """Refuse by name what this plugin does not do."""
    failures = [
        CheckFailure(key, f"`kubernetes:{key}` ({what}) is not covered by PortusStack's stand-in for the kubernetes "
                     "provider; leave it out or run with the official plugin: PROVIDERS=official")
        for key, what in _REFUSED.items()
        if news.get(key) not in (None, "", "false", False)
    ]  # fmt: skip
    variable = _VARIABLES["enableServerSideApply"]
    apply = news.get("enableServerSideApply", environment.get(variable))
    if apply is not None and apply is not UNKNOWN and apply not in ("true", True):
        failures.append(
            CheckFailure("enableServerSideApply", "client-side apply is not covered by PortusStack's stand-in for the "
                         f"kubernetes provider; leave `enableServerSideApply` and {variable} out or run with the "
                         "official plugin: PROVIDERS=official")
        )  # fmt: skip
    if environment.get(_AWAIT_ALL) == "true":
        failures.append(CheckFailure("", f"{_AWAIT_ALL} is not covered by PortusStack's stand-in for the kubernetes "
                        "provider; unset it or run with the official plugin: PROVIDERS=official"))  # fmt: skip
    return CheckResult(news, failures)


def compare_configurations(olds: Properties, news: Properties) -> Diff:
    """Which changes replace the provider, and with it all its resources."""
    changed = sorted(key for key in {*olds, *news} if olds.get(key) != news.get(key))
    identifiers = [source.get("clusterIdentifier") for source in (olds, news)]
    replaces: list[str] = []
    if all(identifiers):
        replaces = ["clusterIdentifier"] if identifiers[0] != identifiers[1] else []
    else:
        keys = [key for key in changed if key in KUBECONFIG_KEYS]
        unknown = [key for key in keys if news.get(key) is UNKNOWN]
        replaces = unknown or (keys if keys and _another_cluster(olds, news) else [])
    return Diff(changed=bool(changed), diffs=changed, replaces=replaces)


def _another_cluster(olds: Properties, news: Properties) -> bool:
    """Whether the clusters that the two select are known and differ."""
    try:
        old, new = (active_cluster(*(str(source.get(key) or "") for key in KUBECONFIG_KEYS)) for source in (olds, news))
    except KubeconfigError:
        return False
    return old is not None and new is not None and old != new
