"""The oracle of the contract tests: what Portus' documentation gives to whom, and attempts that reach every corner."""

from urllib.parse import parse_qsl

import pytest

from tests.contract.portus.rights import (
    ALL,
    CATALOG,
    ENCODINGS,
    NAMES,
    NOBODY,
    PEOPLE,
    attempts,
    granted,
    rights,
)

SERVICES = {"registry:5000": 8, "elsewhere:5000": 1}
TABLE = {
    "crew_private": {"alice": "pull push delete", "bob": "pull push", "carol": "pull", "admin": "pull push delete"},
    "crew_protected": {"bob": "pull push", "carol": "pull", "dave-smith": "pull", "robot": "pull"},
    "crew_public": {"bob": "pull push", "dave-smith": "pull", "robot": "pull", NOBODY: "pull"},
    "dave_smith": {"dave-smith": "pull push delete", "admin": "pull push delete"},
    "nowhere": {},
    None: {"alice": "pull", NOBODY: "pull", "admin": "pull push delete"},
}


@pytest.mark.parametrize("namespace", TABLE)
def test_roles_and_visibilities(namespace: str | None) -> None:
    for who, words in TABLE[namespace].items():
        assert rights(who, namespace, admins_make_namespaces=False) == set(words.split())
    strangers = {"crew_private": ("dave-smith", "robot", NOBODY), "crew_protected": (NOBODY,), "nowhere": PEOPLE}
    for who in strangers.get(str(namespace), ()):
        assert rights(who, namespace, admins_make_namespaces=False) == set()
    assert rights("admin", "nowhere", admins_make_namespaces=True) == ALL


def test_everything_is_for_who_has_every_right() -> None:
    scope = "repository:crew_private/app:*,pull,push,delete,x"
    wanted = {"alice": {"*", "pull", "push", "delete"}, "bob": {"pull", "push"}, "carol": {"pull"}}
    for who, actions in wanted.items():
        assert granted(who, [scope], admins_make_namespaces=False) == {("repository", "crew_private/app"): actions}
    assert granted(NOBODY, [scope, *CATALOG], admins_make_namespaces=False) == {}
    assert granted("admin", list(CATALOG), admins_make_namespaces=False) == {("registry", "catalog"): {"*"}}


@pytest.mark.parametrize("name", [name for name in NAMES[8:] if name != "portus/app"])
def test_no_right_hangs_on_a_name_that_the_registry_does_not_know(name: str) -> None:
    scopes = [f"repository:{name}:pull,push,delete,*"]
    assert all(granted(who, scopes, admins_make_namespaces=False) == {} for who in PEOPLE)


def test_attempts_are_many_the_same_every_time_and_of_every_kind() -> None:
    tried = list(attempts(240, SERVICES))
    assert tried == list(attempts(240, SERVICES))
    assert len(tried) > 200
    assert {one.who for one in tried} == set(PEOPLE)
    assert {one.encoding for one in tried} == set(ENCODINGS)
    for who in PEOPLE:
        given = [granted(who, one.heard(), admins_make_namespaces=False) for one in tried if one.who == who]
        assert [one for one in given if one] and [one for one in given if not one], who
    assert sum(1 for one in tried if granted(one.who, one.heard(), admins_make_namespaces=False)) > 50


def test_every_encoding_says_what_is_heard() -> None:
    for one in attempts(240, SERVICES):
        assert [value for key, value in parse_qsl(one.query()) if key == "scope"] == one.heard()
