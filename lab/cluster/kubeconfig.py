"""Kubeconfig files: who speaks to the API server, with everything needed in one file."""

from __future__ import annotations

import base64
from pathlib import Path

import yaml

from lab.cluster.certificates import Authority
from lab.cluster.instance import API_PORT, Instance


def write(instance: Instance, authority: Authority, user: str, path: Path) -> Path:
    """Write the kubeconfig of a user, whose certificate has that file name, and return its path."""

    def pem(name: str) -> str:
        return base64.b64encode((authority.folder / name).read_bytes()).decode()

    server = f"https://{instance.control_address}:{API_PORT}"
    cluster = {"server": server, "certificate-authority-data": pem("ca.crt")}
    secret = {"client-certificate-data": pem(f"{user}.crt"), "client-key-data": pem(f"{user}.key")}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": instance.name, "cluster": cluster}],
        "users": [{"name": user, "user": secret}],
        "contexts": [{"name": instance.name, "context": {"cluster": instance.name, "user": user}}],
        "current-context": instance.name,
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path
