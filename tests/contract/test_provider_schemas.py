"""The schema that each provider plugin answers with: of the wheel's version and shape, so that YAML programs, SDKs and
the program see the same resources."""

import importlib
import inspect
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.contract.language_host_project import toolchain_environment
from toolchain.install.packages import Plugin, required_plugins

pytestmark = pytest.mark.skipif(bool(os.environ.get("PROVIDERS")), reason="PROVIDERS has schemas of its own versions")

BRIDGED = ("docker", "random", "tls")
NOT_BUILT = {"docker:index/image:Image"}
"""pulumi-docker's own addition to the Terraform provider, which builds images."""

WRITE_ONLY = {
    "tls:index/certRequest:CertRequest": {"privateKeyPemWo", "privateKeyPemWoVersion"},
    "tls:index/locallySignedCert:LocallySignedCert": {"caPrivateKeyPemWo", "caPrivateKeyPemWoVersion"},
    "tls:index/selfSignedCert:SelfSignedCert": {"privateKeyPemWo", "privateKeyPemWoVersion"},
}
"""Arguments that are new in the Terraform provider of pulumi-tls 5.6, whose module is not served."""

Schema = dict[str, Any]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return toolchain_environment(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def wanted() -> dict[str, Plugin]:
    """The plugins that the installed wheels ask for, by their names."""
    assert pulumi.__file__ is not None
    return {plugin.name: plugin for plugin in required_plugins(Path(pulumi.__file__).parents[1])}


def schema_of(plugin: Plugin, environment: dict[str, str]) -> Schema:
    """What `pulumi package get-schema` has of the plugin."""
    command = ["pulumi", "package", "get-schema", f"{plugin.name}@{plugin.version}"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert answer.returncode == 0, answer.stderr
    schema: Schema = json.loads(answer.stdout)
    return schema


def names_in(cls: type) -> set[str]:
    """The properties of a generated class, as the engine calls them."""
    getters = [member.fget for _, member in inspect.getmembers(cls) if isinstance(member, property)]
    return {name for getter in getters if (name := getattr(getter, "_pulumi_name", None))}


@pytest.mark.parametrize("package", BRIDGED)
def test_the_schema_is_that_of_the_wheel(package: str, wanted: dict[str, Plugin], environment: dict[str, str]) -> None:
    schema = schema_of(wanted[package], environment)
    assert (schema["name"], schema["version"]) == (package, wanted[package].version)
    wheel = importlib.import_module(f"pulumi_{package}")
    classes = {
        vars(cls)["pulumi_type"]: cls
        for _, cls in inspect.getmembers(wheel, inspect.isclass)
        if issubclass(cls, pulumi.CustomResource) and "pulumi_type" in vars(cls)
    }
    provider = f"pulumi:providers:{package}"
    assert classes.keys() - schema["resources"].keys() - {provider} == NOT_BUILT & classes.keys()
    assert schema["resources"].keys() <= classes.keys()
    for token, resource in schema["resources"].items():
        cls = classes[token]
        inputs = names_in(getattr(wheel, f"{cls.__name__}Args"))
        missing = WRITE_ONLY.get(token, set())
        assert inputs - missing == resource.get("inputProperties", {}).keys(), token
        assert names_in(cls) - {"id", "urn"} - missing == resource["properties"].keys() - {"id"}, token


def test_the_schema_of_kubernetes_is_of_the_wheels_version(
    wanted: dict[str, Plugin], environment: dict[str, str]
) -> None:
    done = subprocess.run(["toolchain/provider", "kubernetes"], env=environment, check=False)
    assert done.returncode == 0
    schema = schema_of(wanted["kubernetes"], environment)
    assert schema["version"] == wanted["kubernetes"].version
    assert "replicas" in schema["types"]["kubernetes:apps/v1:StatefulSetSpec"]["properties"]
