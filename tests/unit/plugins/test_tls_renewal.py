"""Which change of a certificate replaces it, and when it is due."""

import time
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.asking import Asking
from tests.unit.plugins.issued import KEY, MINIMUM, OTHER_KEY, authority, self_signed
from toolchain.plugins.framework.resource import Diff, ProviderError
from toolchain.plugins.framework.values import UNKNOWN, Properties
from toolchain.plugins.tls.certificates import SelfSignedCert
from toolchain.plugins.tls.validity import HOUR, format_instant, is_due, parse_instant

UPDATE_OF_EARLY_RENEWAL: Final = Diff(changed=True, diffs=("earlyRenewalHours",))
DUE: Final = Diff(changed=True, replaces=("readyForRenewal",), diffs=("readyForRenewal",))
STATE = self_signed()


def certificate() -> Asking:
    return Asking(SelfSignedCert())


def ended(hours_ago: int) -> Properties:
    """A state whose certificate ended some hours ago."""
    return STATE | {"validityEndTime": format_instant(time.time_ns() - hours_ago * HOUR)}


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        ({"dnsNames": ["x"]}, "dnsNames"),
        ({"dnsNames": []}, "dnsNames"),
        ({"subject": {}}, "subject"),
        ({"subject": UNKNOWN}, "subject"),
        ({"maxPathLength": -1}, "maxPathLength"),
        ({"isCaCertificate": True}, "isCaCertificate"),
        ({"allowedUses": []}, "allowedUses"),
        ({"validityPeriodHours": 11}, "validityPeriodHours"),
        ({"privateKeyPem": OTHER_KEY}, "privateKeyPem"),
        ({"privateKeyPem": KEY + "\n"}, "privateKeyPem"),
        ({"privateKeyPem": UNKNOWN}, "privateKeyPem"),
    ],
)
def test_a_change_of_content_replaces(change: Properties, replaces: str) -> None:
    assert certificate().diff(STATE, **(MINIMUM | change)) == Diff(
        changed=True, replaces=(replaces,), diffs=(replaces,)
    )


@pytest.mark.parametrize("same", [{}, {"setAuthorityKeyId": False}, {"earlyRenewalHours": 0}, {"bogus": 1}])
def test_a_default_that_is_written_down_changes_nothing(same: Properties) -> None:
    assert certificate().diff(STATE, **(MINIMUM | same)) == Diff()


def test_the_order_of_names_counts() -> None:
    state = self_signed(dnsNames=["a", "b"])
    assert certificate().diff(state, **MINIMUM, dnsNames=["b", "a"]).replaces == ("dnsNames",)


def test_a_path_length_that_is_no_longer_said_is_kept() -> None:
    state = self_signed(maxPathLength=-1)
    assert certificate().diff(state, **MINIMUM) == Diff()
    assert certificate().preview(**MINIMUM)["maxPathLength"] is UNKNOWN
    assert "maxPathLength" not in STATE


def test_a_key_that_is_no_pem_in_the_state_is_overwritten() -> None:
    state = STATE | {"privateKeyPem": "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"}
    assert certificate().diff(state, **MINIMUM) == Diff(changed=True, diffs=("privateKeyPem",))
    assert certificate().update(state, MINIMUM) == STATE


def test_early_renewal_below_the_limit_is_an_update_with_the_same_certificate() -> None:
    news = MINIMUM | {"earlyRenewalHours": 3}
    assert certificate().diff(STATE, **news) == UPDATE_OF_EARLY_RENEWAL
    assert certificate().update(STATE, news) == STATE | {"earlyRenewalHours": 3}


@pytest.mark.parametrize("hours", [10, 11])
def test_early_renewal_that_makes_it_due_replaces(hours: int) -> None:
    diff = certificate().diff(STATE, **(MINIMUM | {"earlyRenewalHours": hours}))
    assert (diff.replaces, diff.diffs) == (("readyForRenewal",), ("earlyRenewalHours", "readyForRenewal"))


def test_an_ended_certificate_is_replaced_by_the_next_diff_without_a_refresh() -> None:
    assert certificate().diff(ended(1), **MINIMUM) == DUE
    assert certificate().update(ended(1), MINIMUM, preview=True)["readyForRenewal"] is UNKNOWN


def test_a_refresh_says_that_it_is_due() -> None:
    assert certificate().read("1", STATE, MINIMUM).outputs["readyForRenewal"] is False
    refreshed = certificate().read("1", ended(1), MINIMUM).outputs
    assert refreshed["readyForRenewal"] is True
    assert certificate().diff(refreshed, **MINIMUM) == DUE


@pytest.mark.parametrize(("hours", "early", "due"), [(0, 0, True), (5, 5, True), (5, 4, False)])
def test_a_new_certificate_may_be_due_at_once(hours: int, early: int, due: bool) -> None:
    inputs = MINIMUM | {"validityPeriodHours": hours, "earlyRenewalHours": early}
    assert certificate().preview(**inputs)["readyForRenewal"] is due
    state = self_signed(**inputs)
    assert state["readyForRenewal"] is due
    assert certificate().diff(state, **inputs) == (DUE if due else Diff())


def test_early_renewal_has_to_be_known_once_there_is_a_certificate() -> None:
    certificate().preview(**(MINIMUM | {"earlyRenewalHours": UNKNOWN}))
    with pytest.raises(ProviderError, match="earlyRenewalHours"):
        certificate().diff(STATE, **(MINIMUM | {"earlyRenewalHours": UNKNOWN}))


def test_a_state_of_an_old_version_has_no_diff() -> None:
    flags = ("isCaCertificate", "setSubjectKeyId", "setAuthorityKeyId")
    old = {name: value for name, value in self_signed(subject={"commonName": "x"}).items() if name not in flags}
    old["subject"] = {"commonName": "x", "country": "", "streetAddresses": []}
    assert certificate().diff(old, **MINIMUM, subject={"commonName": "x"}) == Diff()


def test_a_missing_authority_is_named_for_every_input() -> None:
    reasons = [reason.partition(":")[0] for reason in certificate().reasons()]
    required = ("allowedUses", "privateKeyPem", "validityPeriodHours")
    assert sorted(reasons) == [f"Missing required property '{name}'" for name in required]
    assert authority().startswith("-----BEGIN CERTIFICATE-----\n")


@given(st.integers(0, 4 * 10**18))
def test_instants_are_read_as_they_are_written(instant: int) -> None:
    assert parse_instant(format_instant(instant)) == instant


def test_instants_of_other_zones_and_precisions_are_read() -> None:
    expected = 1795425364 * 10**9 + 269_663_302
    assert parse_instant("2026-11-23T09:16:04.269663302Z") == expected
    assert parse_instant("2026-11-23T11:16:04.269663302+02:00") == expected
    assert parse_instant("2026-11-23T09:16:04Z") == expected - 269_663_302
    assert format_instant(1795425364 * 10**9 + 5 * 10**8)[19:21] == ".5"
    with pytest.raises(ProviderError, match="Failed to parse data from string"):
        parse_instant("tomorrow")


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_due_is_the_end_less_the_early_hours(left: int, early: int) -> None:
    end = format_instant(time.time_ns() + left * HOUR + HOUR // 2)
    assert is_due(end, early) == (early > left)
