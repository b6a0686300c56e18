"""LDAP and other sign-in: who is kept out of it, whom Portus trusts, what it may connect to."""

import asyncio
from typing import Any

import pulumi
import pytest

from components.portus.topology import OUTSIDE
from tests.unit.portus import samples, topologies
from tests.unit.portus.samples import MINIMAL, merged, problems

OWN_USERS = "/etc/portus-stack/own-users"
MORE_TRUST = "/certificates/portus-stack-more.crt"
LDAP = {"portus": {"settings": {"ldap": {"enabled": True, "hostname": "ldap.test", "port": 3269}}}}
PROCESSES = ("portus", "background")


def content(process: str, path: str, *more: dict[str, Any]) -> str:
    """A file that holds what is known at deployment."""
    files = {file.path: file for file in topologies.topology(*more).process(process).files}
    assert not files[path].secret
    known = pulumi.Output.from_input(files[path].content).future()
    found: Any = asyncio.get_event_loop().run_until_complete(known)
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize(
    ("process", "more"), [("portus", {}), ("portus", LDAP), ("background", LDAP), ("portus", topologies.GENERATION_1)]
)
def test_own_users_are_listed_whether_ldap_is_on_or_not(process: str, more: dict[str, Any]) -> None:
    named = {"administrator": {"username": "ada"}}
    bot = f"portus_stack_smoke_check_{topologies.DEPLOYMENT}"
    assert content(process, OWN_USERS, named, more).splitlines() == ["ada", bot, "portus"]


def test_ldap_is_a_link_of_both_processes() -> None:
    links = {(link.source, link.port) for link in topologies.topology(LDAP).links if link.destination == OUTSIDE}
    assert links == {(process, 3269) for process in PROCESSES}


@pytest.mark.parametrize("process", PROCESSES)
def test_more_cas_lie_where_the_image_takes_them_from(process: str) -> None:
    pem = samples.CERTIFICATE * 2
    assert content(process, MORE_TRUST, {"portus": {"trusted_ca_pem": pem}}) == pem
    assert MORE_TRUST not in {file.path for file in topologies.topology().process(process).files}


@pytest.mark.parametrize("wrong", ["", "ldap.crt", 7])
def test_a_ca_is_pem(wrong: object) -> None:
    found = problems(merged(MINIMAL, {"portus": {"trusted_ca_pem": wrong}}))
    assert "PEM certificates" in found["portus.trusted_ca_pem"]
