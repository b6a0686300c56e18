"""Whom the registry trusts, and what it must never hold. Source: distribution ``registry/auth/token``."""

from __future__ import annotations

from collections.abc import Iterator

from ..kubernetes import CONFIG_MAP
from ..resource import Resource, Stack
from ..roles import CONTAINER, PORTUS, REGISTRY, role_of
from ..rule import HIGH, MANDATORY, About, stack_rule
from ..values import Bad, Node
from .certificates import CERTIFICATES, KEY, secrets_behind, token_keys
from .registry_settings import files


def _holders(stack: Stack, role: str) -> Iterator[Resource]:
    """Containers and Secrets of a role that hold files."""
    for holder in stack.of_type(CONTAINER, "kubernetes:core/v1:Secret", *CONFIG_MAP):
        if role_of(holder) == role:
            yield holder


@stack_rule(
    *("G06", "reg-token-trust", "the registry trusts the key that Portus signs with", MANDATORY, HIGH),
    reason="with another certificate every login fails; with an old one a lost key still opens everything",
    fix="`rootcertbundle` from a certificate of the very key that Portus gets",
    source="distribution registry/auth/token",
)
def token_trust(stack: Stack) -> Iterator[About]:
    signing = token_keys(stack)
    trusted = {each.urn for holder in _holders(stack, REGISTRY) for each in _trusted_keys(stack, holder)}
    used = {
        each.urn for holder in _holders(stack, PORTUS) for each in secrets_behind(stack, holder) if each.type == KEY
    }
    if signing and trusted and used and not trusted & used:
        holder = next(_holders(stack, REGISTRY))
        yield About(holder, Bad("uploads" if holder.type == CONTAINER else "data"))


def _trusted_keys(stack: Stack, holder: Resource) -> Iterator[Resource]:
    signing = token_keys(stack)
    for source in secrets_behind(stack, holder):
        if source.type in CERTIFICATES:
            yield from (each for each in stack.sources(source, "privateKeyPem") if each.urn in signing)


@stack_rule(
    *("G18", "reg-no-signing-key", "the registry never holds the key that signs tokens", MANDATORY, HIGH),
    reason="a registry that is taken over would write tokens for everything",
    fix="the certificate and the JWKS of the token key only; the registry's TLS key is another one",
    source="upstream's recipe gets this wrong (SUSE/Portus examples/compose)",
)
def no_signing_key(stack: Stack) -> Iterator[About]:
    """By bytes; and at preview by what the files come from, where the public half comes through a certificate alone."""
    keys = token_keys(stack)
    private = {
        node.text for urn in keys for node in [Node(stack.by_urn[urn].outputs.get("privateKeyPem"))] if node.text
    }
    for holder in _holders(stack, REGISTRY):
        for _, content in _files_of(holder):
            if content.text and content.text in private:
                yield About(holder, Bad(content.path, "it is the token key"))
        if holder.type in CONFIG_MAP:  # what is there is public: the bytes above have told
            continue
        own = [each for each in secrets_behind(stack, holder) if each.type == KEY and each.urn not in keys]
        served = [each for each in secrets_behind(stack, holder) if each.type in CERTIFICATES and each.urn not in keys]
        if served and not own and any(each.urn in keys for each in secrets_behind(stack, holder)):
            yield About(holder, Bad("uploads" if holder.type == CONTAINER else "data", "its only key is the token key"))


def _files_of(holder: Resource) -> Iterator[tuple[str, Node]]:
    if holder.type == CONTAINER:
        yield from files(holder)
    else:
        for place in ("data", "stringData"):
            yield from holder.at(place).entries()
