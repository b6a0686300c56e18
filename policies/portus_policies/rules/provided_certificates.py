"""Certificates that somebody brings: whether clients will take them is in their bytes."""

from __future__ import annotations

from collections.abc import Iterator

from ..kubernetes import CONFIG_MAP, SECRET
from ..pem import certificate_problems, decoded
from ..resource import Resource
from ..roles import CONTAINER
from ..rule import HIGH, MANDATORY, rule
from ..values import Bad, Node, Unseen, Verdicts

_SIGNED = "tls:index/locallySignedCert:LocallySignedCert"


@rule(
    *("T12", "tls-provided-certificates", "certificates that hold, whoever made them", MANDATORY, HIGH),
    reason="a short key is broken, SHA-1 is forged, and clients refuse what is expired or valid for too long",
    fix="RSA of 2048 bits or a P-256 key, SHA-256, 398 days (825 at most) for a server; issue it anew",
    source="NIST SP 800-57, 800-131A; support.apple.com/103769",
    types=(CONTAINER, *SECRET, *CONFIG_MAP, _SIGNED, "docker:index/serviceConfig:ServiceConfig"),
)
def provided_certificates(resource: Resource) -> Verdicts:
    for node in _texts(resource):
        if node.unknown:
            yield Unseen(node.path)
        else:
            yield from (Bad(node.path, problem) for problem in certificate_problems(node.text))


def _texts(resource: Resource) -> Iterator[Node]:
    """Everything that may hold a PEM text, decoded."""
    for upload in resource.at("uploads").each():
        yield upload.at("content")
        yield _plain(upload.at("contentBase64"))
    if resource.type in SECRET or resource.type in CONFIG_MAP:
        yield from (node for _, node in resource.at("stringData").entries())
        for place in ("data", "binaryData"):
            for _, node in resource.at(place).entries():
                yield _plain(node) if resource.type in SECRET or place == "binaryData" else node
    for name in ("caCertPem", "data"):
        if resource.type not in (*SECRET, *CONFIG_MAP):
            yield resource.at(name)


def _plain(node: Node) -> Node:
    return node if node.unknown else Node(decoded(node.text), node.path)
