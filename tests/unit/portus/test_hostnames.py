"""Public names: what clients cannot look up or take for something else is refused with what to write instead."""

import pytest

from tests.unit.portus.samples import problems


def problem(address: str) -> str:
    """What is said of the name of Portus; nothing is said of anything else."""
    found = problems({"hostnames": {"portus": address, "registry": address}})
    assert set(found) in (set(), {"hostnames.portus", "hostnames.registry"}), found
    return found.get("hostnames.portus", "")


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "10.0.0.1:8443", "192.0.2.10:11443", "999.1.1.1", "registry.123", "registry.123:5000", "1.2"),
        *("123", "portus.example.0x1f", "portus.example.0x", "10.0.0.1.", "[::1]", "[::1]:8443", "::1", "2001:db8::1"),
        *("[2001:db8::1]:443", "[::ffff:10.0.0.1]"),
    ],
)
def test_address_is_refused_with_the_reason_and_the_way_out(address: str) -> None:
    reason = problem(address)
    assert f"must be a name, not '{address}'" in reason
    assert "clients take for an IP address" in reason and "Give the machine a name in DNS" in reason


@pytest.mark.parametrize(
    "name", ["1.test", "10.0.0.1.nip.io", "123.example.com:8443", "a.x0", "a.0xg", "xn--bcher-kva.test", "0x1f.test"]
)
def test_name_with_digits_is_taken(name: str) -> None:
    assert problem(name) == ""


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("bücher.test", "xn--bcher-kva.test"),
        ("BÜCHER.test:8443", "xn--bcher-kva.test:8443"),
        ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("\uff50ortus.test", "portus.test"),
        ("registry.test\u200b", "registry.test"),
        ("registry。test", "registry.test"),
    ],
)
def test_name_beyond_ascii_is_refused_with_its_form_in_ascii(name: str, written: str) -> None:
    reason = problem(name)
    assert reason.startswith("must be a lower-case host name") and reason.endswith(f": write {written}")
    assert problem(written) == ""


@pytest.mark.parametrize("name", ["straße.test", "σοφός.test"])
def test_name_with_two_forms_in_ascii_is_left_to_its_registrar(name: str) -> None:
    assert "as its registrar has it" in problem(name)


@pytest.mark.parametrize("name", ["a\u202eb.test", "🐳", "ö" * 64 + ".test", "pörtus"])
def test_name_without_a_form_in_ascii_is_refused(name: str) -> None:
    reason = problem(name)
    assert reason.startswith("must be a lower-case host name") and ": write" not in reason
    assert reason.isprintable() and "\u202e" not in reason
