"""cert-manager's controllers beside a cluster, for tests that ask for them; without its webhook and its injector."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config

from lab.cluster.console import wait_for
from lab.cluster.programs import CERT_MANAGER, build_missing, folder_of

_END_SECONDS = 30
_GONE = 404


@contextmanager
def running(kubeconfig: Path) -> Iterator[Path]:
    """Its resource definitions in the cluster and its controllers at work as the kubeconfig's user; both go afterwards.

    Built at the first use. The path is that of the controllers' log.

    Raises:
        ClusterError: it cannot be built, or the cluster does not serve its definitions.
        kubernetes.client.ApiException: the cluster refuses them; for one, when cert-manager is there already.
    """
    build_missing((CERT_MANAGER,))
    api = client.ApiextensionsV1Api(config.new_client_from_config(str(kubeconfig), persist_config=False))
    definitions = [
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder_of(CERT_MANAGER).glob("*.yaml"))
    ]
    names = [str(each["metadata"]["name"]) for each in definitions]
    for each in definitions:
        api.create_custom_resource_definition(each)
    try:
        for name in names:
            wait_for(lambda: _is_served(api, name), f"{name} to be served", explain=lambda: "")  # noqa: B023
        with _controllers(kubeconfig) as log:
            yield log
    finally:
        for name in names:
            api.delete_custom_resource_definition(name)
        for name in names:
            wait_for(lambda: _is_gone(api, name), f"{name} to be gone", explain=lambda: "")  # noqa: B023


def _is_served(api: Any, name: str) -> bool:
    conditions = api.read_custom_resource_definition(name).status.conditions or []
    return ("Established", "True") in [(each.type, each.status) for each in conditions]


def _is_gone(api: Any, name: str) -> bool:
    try:
        api.read_custom_resource_definition(name)
    except client.ApiException as error:
        if error.status != _GONE:
            raise
        return True
    return False


@contextmanager
def _controllers(kubeconfig: Path) -> Iterator[Path]:
    # No other variable leads the program to another cluster.
    environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    with tempfile.TemporaryDirectory(prefix="cert-manager-") as folder:
        log = Path(folder, "log")
        with log.open("wb") as output:
            program = folder_of(CERT_MANAGER) / "cert-manager"
            process = subprocess.Popen([program, kubeconfig], stdout=output, stderr=output, env=environment)
        try:
            yield log
        finally:
            process.terminate()
            process.wait(_END_SECONDS)
