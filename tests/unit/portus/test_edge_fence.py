"""The edge's fence: its expressions as nginx reads them, its figures, and from where the roles inside come.

What a real nginx makes of them: tests/contract/test_edge_fence.py.
"""

import gc
import re
import time
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as some

from components.portus.args import Role
from components.portus.credentials import bot_username
from components.portus.roles import edge, edge_fence
from components.portus.roles.edge_configuration import EdgeNames, nginx_configuration
from components.portus.settings import Settings
from components.portus.topology import OUTSIDE
from tests.unit.portus import samples, topologies
from tests.unit.portus.nginx_parser import Directive, parse
from tests.unit.portus.samples import merged

NAMES = EdgeNames("portus.test", "registry.test", 8443, 8080, "test-portus:3000", "test-registry:5000")
NODES = 200


def http(names: EdgeNames = NAMES) -> Directive:
    return parse(nginx_configuration(names)).one("http")


def mapped(variable: str, text: str, block: Directive | None = None) -> str:
    """What a map gives for a text: the value of the same text, else of the first expression that fits."""
    entries = next(one for one in (block or http()).all("map") if one.words[2] == f"${variable}").block
    values = {entry.words[0]: entry.words[1] for entry in entries}
    for key, value in values.items():
        folded = re.IGNORECASE if key.startswith("~*") else 0
        if key.startswith("~") and re.search(re.sub("^~[*]?", "", key), text, folded):
            return value
        if key == text:
            return value
    return values["default"]


def test_every_expression_is_one_that_is_read() -> None:
    for one in http().all("map"):
        for entry in one.block:
            if entry.words[0].startswith("~"):
                re.compile(re.sub("^~[*]?", "", entry.words[0]))
            assert len(entry.words) == 2


def as_bytes(text: str) -> str:
    """As nginx sees a name: one character for each byte of it."""
    return text.encode().decode("latin-1")


# What MariaDB 10.11 takes for each letter in utf8_unicode_ci, besides the letter itself: some of each block.
SAME = {
    "p": "PᴾᵖṔṗℙⓅⓟＰｐ",  # noqa: RUF001
    "o": "OºÒöōƠǒǫȌȱͦᴼᵒṌỎợℴⓄⓞＯｏ",  # noqa: RUF001
    "r": "RŔřȐʳͬᴿᵣṘṟℛℜℝⓇⓡＲｒ",  # noqa: RUF001
    "t": "TţŤȚͭᵀᵗṪẗⓉⓣＴｔ",  # noqa: RUF001
    "u": "UÙüŨųƯǓǜȔͧᵁᵘᵤṲṻỤựⓊⓤＵｕ",  # noqa: RUF001
    "s": "SŚšſȘˢṠṩẛⓈⓢＳｓ",  # noqa: RUF001
}
# Control characters have no weight there; the others have none in newer collations.
OVERLOOKED = "\x01\x08\x0e\x1f\x7f\u00ad\u200b\u0301"


@given(some.data())
def test_no_spelling_of_the_hidden_user_is_missed(data: some.DataObject) -> None:
    name = ""
    for letter, others in SAME.items():
        assert letter in "portus"
        name += data.draw(some.sampled_from(letter * 10 + others)) + data.draw(some.text(OVERLOOKED, max_size=1))
    name += data.draw(some.text(" ", max_size=3))
    assert mapped("user_of_ours", as_bytes(name)) == "yes"
    assert mapped("token_of_ours", as_bytes(f"{name}:token")) == "yes"
    if not any(character < " " or character == "\x7f" for character in name):
        assert mapped("account_of_ours", f"x=y&account={quote_plus(name)}&z=") == "yes"
        assert mapped("form", f"outside user%5Busername%5D={quote_plus(name)}&user%5Bpassword%5D=x") == ""


WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "portus")


@pytest.mark.parametrize(
    "name", ["portus", "Portus", "portus ", "pörtus", "por\u200btus", WIDE, bot_username("0123456789abcdef")]
)
def test_our_users_are_known_by_any_name_that_the_database_takes_for_theirs(name: str) -> None:
    assert mapped("user_of_ours", as_bytes(name)) == "yes"


@given(some.text(some.characters(blacklist_categories=("Cs", "Cc")), max_size=40))
def test_hardly_anybody_else_is(name: str) -> None:
    if mapped("user_of_ours", as_bytes(name)) == "yes":
        assert name.lower().rstrip() == "portus" or re.match("(?i)portus[-_]stack[-_]", name) or not name.isascii()


@pytest.mark.parametrize(
    "text", ["\xff" * 8000, "po\xc3" * 3000, "\xc3\xb3" * 4000 + "x", "p" + " " * 8000 + "x", "a" * 8000]
)
@pytest.mark.parametrize(
    "variable", ["user_of_ours", "token_of_ours", "account_of_ours", "token_request", "credentials"]
)
def test_no_text_takes_long_to_judge(variable: str, text: str) -> None:
    gc.disable()  # in a process of many tests one collection takes seconds
    started = time.process_time()
    for prefix in ("", "account=", "scope=repository:", "scope=", "basic "):
        mapped(variable, prefix + text)
        mapped(variable, prefix + "a/" * 4000)
        mapped(variable, "&".join(["scope=repository:a/b:pull"] * 300) + f"&{prefix}")
    taken = time.process_time() - started
    gc.enable()
    assert taken < 2


@given(some.text("abp&=;%:/,*+.-_07AF ", max_size=40))
def test_nothing_but_pairs_of_known_parameters_is_a_token_request(text: str) -> None:
    if mapped("token_request", f"scope=repository:{text}") == "good":
        assert not set(text) & set("; ")
        assert re.fullmatch(
            "repository:[^&]+(&(scope|service|account|client_id|offline_token)=[^&=]+)*", f"repository:{text}"
        )


def test_outsiders_are_told_by_the_port_that_they_are_led_to() -> None:
    assert mapped("way", "8443 192.0.2.1") == "inside"
    assert mapped("way", "8444 192.0.2.1") == "outside"
    for public in (443, 8443, 8444, 8080):
        host = {"hostnames": {"portus": f"p.test:{public}", "registry": f"r.test:{public}"}}
        settings = samples.settings(host)
        ports = [settings.hostnames.port, edge.outside_port(settings), edge.http_port(settings)]
        assert len(set(ports)) == len(ports)
        leads = {link.port for link in topologies.topology(host).links if link.source == OUTSIDE and link.tls}
        assert leads == {edge.outside_port(settings)}


def split(**background: Any) -> Settings:
    return samples.settings(merged(topologies.SPLIT, background))


def test_roles_on_another_host_are_told_by_its_address() -> None:
    assert samples.settings().hairpin_addresses == ()
    settings = split()
    assert settings.docker.host_of(Role.PORTUS.value).private_address == "10.0.0.2"
    assert settings.hairpin_addresses == ("10.0.0.2",)
    block = http(EdgeNames("p.test", "r.test", 443, 80, "p:1", "r:2", 8444, settings.hairpin_addresses))
    assert mapped("way", "8444 10.0.0.2", block) == "inside"
    for other in ("8444 10.0.0.20", "8444 110.0.0.2", "8444 10a0.0.2", "8444 10.0.0.3"):
        assert mapped("way", other, block) == "outside"


def test_limits_leave_room_for_many_nodes_behind_one_address() -> None:
    """200 nodes that pull 20 images each at once, as one user; 200 people who open a page of 10 requests."""
    assert edge_fence.TOKENS.burst >= NODES * 20
    assert edge_fence.API.burst >= NODES * 10
    assert edge_fence.FORMS.burst + 150 * edge_fence.FORMS.per_second >= NODES


def test_every_way_into_portus_is_limited() -> None:
    zones = {one.words[2].partition(":")[0] for one in http().all("limit_req_zone")}
    assert zones == {"zone=forms", "zone=tokens", "zone=passwords", "zone=api"}
    server = next(one for one in http().all("server") if one.all("server_name", "portus.test") and one.all("location"))
    limited = {
        location.words[-1]: {one.words[1].removeprefix("zone=") for one in location.all("limit_req")}
        for location in server.all("location")
        if location.all("proxy_pass")
    }
    assert limited["/v2/token"] == limited["/v2/token.json"] == {"tokens"}
    assert limited["/api/"] == {"api", "passwords"}
    assert limited["/users/sign_in"] == limited["/users/password"] == limited["/users"] == {"forms", "passwords"}
    assert limited["/"] == set(), "as the server says"
    assert {one.words[1] for one in server.all("limit_req")} == {"zone=passwords"}
    for variable in ("limited_forms", "limited_tokens", "limited_passwords", "limited_api"):
        for way in ("inside POST", "inside", "insidebasic"):
            assert mapped(variable, way) == ""
