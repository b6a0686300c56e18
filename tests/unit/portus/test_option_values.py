"""Values that Portus 2.4.3 was seen to break on or to misread are refused, those that it reads are not.

What was seen: docs/portus-options.md.
"""

import re
from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from components.portus.contract.generation2 import OPTION_FILES
from components.portus.contract.option_values import BOUNDS, CHOICES, FORMS, IMAGE_CA_BUNDLE, MAY_BE_EMPTY
from components.portus.contract.options import OPTIONS, Kind
from components.portus.roles.portus import nested_yaml
from components.portus.settings.option_values import value_problem
from tests.unit.portus import samples
from tests.unit.portus.samples import MINIMAL, merged, problems

CONFIG = {"email.smtp.enabled": True, "email.smtp.address": "mail.test", "email.smtp.port": 587}
NUMBERS_AND_SWITCHES = (
    *(
        "0123",
        "42",
        "1_000",
        "0x1f",
        "0X1F",
        "0o17",
        "0b11",
        "0d9",
        "true",
        "TRUE",
        "False",
        "-5",
        "+7",
        " 12 ",
        "0",
        "00",
    ),
    *("0_1", "1_0", "0_17"),
)
TEXTS = (
    "1,000",
    "yes",
    "nil",
    "null",
    "~",
    "1.5",
    "1e3",
    "1__0",
    "_1",
    "08",
    "0x",
    "12a",
    "truely",
    "0 1",
    "",
    "p@ss w0rd",
)
READ: dict[str, tuple[str, ...]] = {
    "email.from": ("a@b", "a@b.test", "zoë@b.test", "a+b@c-d.test"),
    "email.reply_to": ("", "a@b.test"),
    "email.name": ("", "Portus", "Zoë — 検索 🐳", "A. B", "%{x}", "0123"),
    "email.smtp.address": ("smtp.example.com", "10.0.0.1", "Mail.Test", "fd00::1"),
    "ldap.filter": (
        *(
            "",
            "(a=b)",
            "a=b",
            "(&(a=b)(c=d))",
            "memberOf=cn=x,dc=y",
            "(a=ö)",
            "(a=*)",
            "(!(a=b))",
            "(a>=1)",
            "(a=b\\2a)",
        ),
        *("(|(uid=a)(mail=b@c.d))", "(uid:caseExactMatch:=x)", "(&(objectClass=person)(!(uid=x))(|(a=1)(b=2)))"),
    ),
    "ldap.uid": ("uid", "sAMAccountName", "0.9.2342.19200300.100.1.1"),
    "delete.garbage_collector.tag": (
        *(
            "^v",
            "build-\\d+$",
            "(?<a>x)",
            "(?i)x",
            "dev|test",
            "[[:alpha:]]",
            "\\p{Alpha}",
            "a{1,2}",
            "\\Av\\z",
            "(?<!x)y",
        ),
    ),
    "oauth.gitlab.server": ("", "https://gitlab.test", "https://gitlab.test:8443/git"),
    "security.clair.server": ("", "http://clair.test:6060", "http://clair.test:6060/"),
}
BROKEN: dict[str, tuple[str, ...]] = {
    "email.from": (
        "",
        "  ",
        "0123",
        "Portus <a@b.test>",
        "a@b c",
        "a@@b",
        "a@b@c",
        "a@b,c@d",
        "a@b.test>",
        "<a@b.test",
    ),
    "email.reply_to": ("Portus <a@b.test>", "x", " "),
    "email.name": ("a\"b'c\\", "a:b", "(", "[a", "A, B", "A <b>", "A (b)", "A\\"),
    "email.smtp.address": ("h:25", "smtp://h", "a b", "0123", "*"),
    "ldap.hostname": ("0123", "h:389", "ldap://h", "a b", "(", "../x"),
    "ldap.filter": (
        *(
            "0123",
            "(",
            "[a",
            "*",
            "a b",
            "(a=b",
            "(=b)",
            "(a=)",
            "(&(a=b)",
            "()",
            "Zoë",
            "(a=b)(c=d)",
            "(a=b) x",
            "(&)",
        ),
        *("(!(a=b)(c=d))", "((a=b))", "(a=b))"),
    ),
    "ldap.uid": ("", "(", "a=b", "a)b", "a b", "*"),
    "delete.garbage_collector.tag": ("(", "[a", "*", "+", "a{2,1}", "\\", "(?P<n>x)", "\\p{Foo}", "a\"b'c\\", "  "),
    "oauth.gitlab.server": (
        "gitlab.test",
        "a:b",
        "https://",
        "https://a b",
        "https://h:99999",
        "ftp://h",
        "Zoë",
        "://",
        "  ",
    ),
    "security.clair.server": ("clair.test:6060", "../x", "0123", "http://h:0"),
}


def reason(path: str, value: object, minor: int = 4) -> str:
    return value_problem(OPTIONS[path], value, minor)


@pytest.mark.parametrize(("path", "value"), [(path, value) for path, values in READ.items() for value in values])
def test_what_portus_reads_is_accepted(path: str, value: str) -> None:
    assert reason(path, value) == ""


@pytest.mark.parametrize(("path", "value"), [(path, value) for path, values in BROKEN.items() for value in values])
def test_what_portus_breaks_on_is_refused_with_what_is_right(path: str, value: str) -> None:
    assert FORMS[path].value in reason(path, value)


@pytest.mark.parametrize("path", [path for path, option in OPTIONS.items() if option.kind is Kind.INTEGER])
def test_numbers_have_bounds(path: str) -> None:
    lowest, highest = BOUNDS.get(path, (0, 2**31 - 1))
    assert reason(path, lowest) == reason(path, highest) == reason(path, float(lowest)) == ""
    for wrong in (lowest - 1, highest + 1, 10**18, 1e300):
        assert reason(path, wrong), wrong
    if path.endswith("port") or "timeout" in path:
        assert reason(path, 0)


@pytest.mark.parametrize("path", OPTION_FILES)
@pytest.mark.parametrize("value", NUMBERS_AND_SWITCHES)
def test_secret_that_becomes_a_number_or_a_switch_is_refused_without_being_told(path: str, value: str) -> None:
    told = reason(path, value)
    assert "Portus would take it for one" in told
    assert told == reason(path, "4711"), "the same words, whatever the value"
    assert reason(path, value, minor=2) == "", "generation 1 reads it from the local configuration, as text"


@pytest.mark.parametrize("value", TEXTS)
def test_secret_that_stays_a_text_is_accepted(value: str) -> None:
    assert [reason(path, value) for path in OPTION_FILES] == ["", ""]


@given(some.text("0123456789_xob+- aAfFtrue", max_size=8))
def test_whatever_ruby_takes_for_a_number_is_refused(text: str) -> None:
    """Python's ``int(…, 0)`` differs from Ruby's ``Integer()`` in leading zeros only, which are octal there."""
    try:
        octal = re.sub(r"^(\s*[+-]?)0(?=[0-7_])", r"\g<1>0o", text)
        int(octal, 0)
    except ValueError:
        return
    assert reason("email.smtp.password", text)


def test_secret_that_is_known_later_is_judged_when_it_is() -> None:
    found: list[object] = []

    def settings(value: str) -> pulumi.Output[Any]:
        options = samples.settings(
            merged(MINIMAL, {"portus": {"settings": {"email.smtp.password": pulumi.Output.secret(value)}}})
        ).portus.options
        output = options["email.smtp.password"]
        assert isinstance(output, pulumi.Output)
        return output

    async def run() -> None:
        found.append(await settings("hunter2-hunter2").future())
        with pytest.raises(ValueError, match=r"portus\.settings.email\.smtp\.password must not look like a number"):
            await settings("0123").future()

    pulumi.runtime.sync_await._sync_await(run())
    assert found == ["hunter2-hunter2"]


@pytest.mark.parametrize("mode", CHOICES["email.smtp.openssl_verify_mode"])
def test_verified_mail_has_the_image_s_authorities(mode: str) -> None:
    options = samples.settings(
        merged(MINIMAL, {"portus": {"settings": {**CONFIG, "email.smtp.openssl_verify_mode": mode}}})
    ).portus.options
    assert options.get("email.smtp.ca_file") == (None if mode == "none" else IMAGE_CA_BUNDLE)
    own = {**CONFIG, "email.smtp.openssl_verify_mode": mode, "email.smtp.ca_path": "/etc/ssl/certs"}
    assert "email.smtp.ca_file" not in samples.settings(merged(MINIMAL, {"portus": {"settings": own}})).portus.options


@pytest.mark.parametrize("tag", ["", "   "])
def test_garbage_collector_without_a_tag_is_refused(tag: str) -> None:
    given_options = {"delete.garbage_collector.enabled": True, "delete.garbage_collector.tag": tag}
    assert list(problems(merged(MINIMAL, {"portus": {"settings": given_options}}))) == [
        "portus.settings.delete.garbage_collector.tag"
    ]


def test_empty_text_means_none_where_it_may() -> None:
    for path in FORMS:
        assert (reason(path, "") == "") == (path in MAY_BE_EMPTY), path


@pytest.mark.parametrize(
    "text", ["1,000", ":word", ':"a b"', "0o17", "1e3", "12:30:00", "2026-11-30", "<<", "=", "~", "é"]
)
def test_texts_stand_in_quotes(text: str) -> None:
    """Psych, Ruby's reader, takes more plain texts for something else than Python's does."""
    written = nested_yaml({"email.name": text, "ldap.port": 389, "signup.enabled": False})
    assert re.search('  name: "', written)
    assert yaml.safe_load(written) == {"email": {"name": text}, "ldap": {"port": 389}, "signup": {"enabled": False}}
