"""``portus.settings``: which options each release knows, and what becomes of them."""

from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from components.portus.contract.option_values import CHOICES
from components.portus.contract.options import OPTIONS, OWNED, SAFE_DEFAULTS, Kind
from components.portus.roles.portus import nested_yaml
from components.portus.settings.options import _known_to
from tests.unit.portus import samples, topologies
from tests.unit.portus.samples import MINIMAL, merged, problems

TEXTS = some.text(some.characters(blacklist_categories=("Cs", "Cc")), max_size=60)
PLAIN = [path for path, option in OPTIONS.items() if option.kind is Kind.STRING and path not in CHOICES | OWNED]
LOCAL_CONFIGURATION = "/etc/portus-stack/config-local.yml"


def with_option(path: str, value: object, image: str = "opensuse/portus:2.4.3") -> dict[str, Any]:
    return merged(MINIMAL, {"portus": {"image": image, "settings": {path: value}}})


def problem(path: str, value: object, image: str = "opensuse/portus:2.4.3") -> str:
    found = problems(with_option(path, value, image))
    assert set(found) <= {f"portus.settings.{path}"}, found
    return found.get(f"portus.settings.{path}", "")


@pytest.mark.parametrize(("minor", "count"), [(1, 33), (2, 33), (3, 74), (4, 91), (5, 99)])
def test_each_release_has_as_many_options_as_its_configuration_file(minor: int, count: int) -> None:
    """Leaves of SUSE/Portus ``config/config.yml`` at 2.1.1, 2.2.0, 2.3.7, 2.4.3 and HEAD."""
    assert len([option for option in OPTIONS.values() if _known_to(option, minor)]) == count


def test_no_option_stands_above_another_one() -> None:
    for path in OPTIONS:
        assert not [other for other in OPTIONS if other.startswith(f"{path}.")]


def test_tables_name_options_that_exist() -> None:
    for table in (OWNED, CHOICES, SAFE_DEFAULTS):
        assert set(table) <= set(OPTIONS)


@pytest.mark.parametrize("path", OPTIONS)
def test_wrong_type_is_refused(path: str) -> None:
    wrong: dict[Kind, list[object]] = {
        Kind.BOOLEAN: ["true", 1, 0, None, [], "yes"],
        Kind.INTEGER: ["25", 2.5, True, None, [], -1, float("nan"), float("inf")],
        Kind.STRING: [5, True, None, [], "a\nb", "a\x00", "x" * 1025],
    }
    for value in wrong[OPTIONS[path].kind]:
        assert problem(path, value, "opensuse/portus:2.5"), f"{path} accepts {value!r}"


def test_unknown_option_is_refused_with_the_nearest_one() -> None:
    assert problem("ldap.hostnam", "x") == "is not an option of Portus; did you mean ldap.hostname?"
    assert problem("ldap", "x").startswith("is not an option of Portus")


def test_option_that_the_release_would_ignore_is_refused() -> None:
    assert "is not known to Portus 2.2, which would ignore it" in problem(
        "background.sync.strategy", "initial", "opensuse/portus:2.2"
    )
    assert "Portus 2.4" in problem("ldap.method", "plain")
    assert problem("ldap.encryption.method", "plain") == ""


@pytest.mark.parametrize("path", OWNED)
def test_option_that_portus_stack_sets_is_refused_with_the_argument_to_use(path: str) -> None:
    assert problem(path, True) == f"is set by PortusStack: {OWNED[path]}"


@pytest.mark.parametrize("path", CHOICES)
def test_choice_names_what_there_is(path: str) -> None:
    image = "opensuse/portus:2.5"
    assert f"must be one of {', '.join(CHOICES[path])}" in problem(path, "no such choice", image)
    for value in CHOICES[path]:
        assert problem(path, value, image) == ""


@pytest.mark.parametrize(
    ("given_options", "missing"),
    [
        ({"email.smtp.enabled": True, "email.smtp.port": 587}, "email.smtp.address"),
        ({"email.smtp.enabled": True, "email.smtp.address": "mail.test"}, "email.smtp.port"),
        ({"ldap.enabled": True, "ldap.port": 389}, "ldap.hostname"),
        ({"ldap.enabled": True, "ldap.hostname": "ldap.test"}, "ldap.port"),
        ({"delete.garbage_collector.enabled": True}, "delete.garbage_collector.tag"),
    ],
)
def test_feature_that_lacks_something_is_refused(given_options: dict[str, Any], missing: str) -> None:
    found = problems(merged(MINIMAL, {"portus": {"settings": given_options}}))
    assert list(found) == [f"portus.settings.{missing}"]


def test_nested_and_dotted_spellings_mean_the_same() -> None:
    nested = samples.settings({"portus": {"settings": {"email": {"smtp": {"domain": "a.test"}}}}})
    dotted = samples.settings({"portus": {"settings": {"email.smtp.domain": "a.test"}}})
    assert nested.portus.options == dotted.portus.options


def test_order_does_not_matter() -> None:
    options = {"ldap.uid": "uid", "email.from": "a@b.test", "signup.enabled": True}
    one = samples.settings({"portus": {"settings": options}})
    other = samples.settings({"portus": {"settings": dict(reversed(options.items()))}})
    assert list(one.portus.options.items()) == list(other.portus.options.items())


def test_safe_defaults_hold_unless_overruled() -> None:
    assert samples.settings().portus.options["signup.enabled"] is False
    opened = samples.settings({"portus": {"settings": {"signup": {"enabled": True}}}})
    assert opened.portus.options["signup.enabled"] is True


def test_old_release_gets_no_option_that_it_does_not_know() -> None:
    options = samples.settings(topologies.GENERATION_1).portus.options
    assert options
    assert all(_known_to(OPTIONS[path], 2) for path in options)


def test_whole_float_becomes_an_integer() -> None:
    options = samples.settings({"portus": {"settings": {"pagination.per_page": 25.0}}}).portus.options
    assert isinstance(options["pagination.per_page"], int)


@pytest.mark.parametrize("path", [path for path, option in OPTIONS.items() if option.secret])
def test_secret_option_becomes_a_secret_output(path: str) -> None:
    args = with_option(path, "hunter2-hunter2", "opensuse/portus:2.5")
    assert isinstance(samples.settings(args).portus.options[path], pulumi.Output)


@pytest.mark.parametrize("path", ["email.smtp.enabled", "email.smtp.port", "ldap.port", "oauth.github.enabled"])
def test_output_is_refused_where_a_link_follows_from_it(path: str) -> None:
    assert "must be a plain value" in problem(path, pulumi.Output.from_input(True))


def test_output_is_taken_elsewhere() -> None:
    assert problem("email.from", pulumi.Output.from_input("a@b.test")) == ""


@given(some.dictionaries(some.sampled_from(PLAIN), TEXTS), some.integers(0, 10**6), some.booleans())
def test_yaml_reads_back_what_was_given(texts: dict[str, str], number: int, switch: bool) -> None:
    options: dict[str, object] = {**texts, "ldap.port": number, "signup.enabled": switch}
    document = yaml.safe_load(nested_yaml(options))
    for path, value in options.items():
        found = document
        for part in path.split("."):
            found = found[part]
        assert found == value
        assert type(found) is type(value)


@given(TEXTS)
def test_any_accepted_text_reaches_portus_unchanged(text: str) -> None:
    if problem("email.name", text):
        return
    topology = topologies.topology({"portus": {"settings": {"email.name": text}}})
    assert yaml.safe_load(topologies.plain_file(topology, "portus", LOCAL_CONFIGURATION))["email"]["name"] == text


def test_local_configuration_holds_what_portus_stack_sets_itself() -> None:
    topology = topologies.topology({"registry": {"delete_enabled": False}})
    document = yaml.safe_load(topologies.plain_file(topology, "portus", LOCAL_CONFIGURATION))
    assert document["machine_fqdn"]["value"] == "portus.example.com"
    assert document["delete"]["enabled"] is False
    assert document["check_ssl_usage"]["enabled"] is True
    assert document["signup"]["enabled"] is False
