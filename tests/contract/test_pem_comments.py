"""Text outside of PEM blocks, as exports have it, is read over by everything that is given such files (RFC 7468)."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from components.portus.settings import pem
from tests.contract.edge_lab import EdgeLab
from tests.contract.standin_harness import lab
from tests.contract.standin_settings import FQDN, PUBLIC_REGISTRY_NAME
from tests.unit.portus import pems

pytestmark = pytest.mark.engine
EC_PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"


def relabelled(text: str) -> str:
    """As `openssl pkcs12` writes it."""
    return f"Bag Attributes\n    friendlyName: Zürich\nsubject=CN = server\n{text}Bag Attributes: <No Attributes>\n"


def test_edge_serves_with_what_the_settings_take(tmp_path: Path) -> None:
    """A real nginx, with `openssl ecparam` before its key, and clients with a commented CA file."""
    authority = pems.issued("root", authority=True)
    server = pems.issued("server", authority, names=[FQDN, PUBLIC_REGISTRY_NAME, "portus", "registry"])
    key = pems.key_pem(server.key, serialization.PrivateFormat.TraditionalOpenSSL)
    texts = {
        "tls.crt": relabelled(server.pem) + relabelled(authority.pem),
        "tls.key": relabelled(EC_PARAMETERS + key),
        "ca/ca.crt": f"# root of the house\n{authority.pem}# end",
    }
    assert pem.belong_together(pem.certificates(texts["tls.crt"])[0], pem.private_key(texts["tls.key"]))
    with lab(tmp_path) as laboratory:
        for name, text in texts.items():
            (laboratory.folder / name).write_text(text, encoding="utf-8")
        edge = EdgeLab(laboratory, FQDN, PUBLIC_REGISTRY_NAME, {})
        assert edge.get("/").passed is not None
