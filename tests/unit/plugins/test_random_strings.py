"""RandomPassword and RandomString."""

import string

import bcrypt
from hypothesis import given
from hypothesis import strategies as st
from pytest import mark, raises

from tests.unit.plugins.asking import Asking, text
from toolchain.plugins.framework.resource import Diff, ProviderError, Severity
from toolchain.plugins.framework.values import UNKNOWN, Properties, Secret, Value
from toolchain.plugins.random.strings import SPECIAL, RandomPassword, RandomString

CLASSES = {
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "numeric": string.digits,
    "special": SPECIAL,
}
DEFAULTS: Properties = {
    "length": 16,
    **dict.fromkeys((*CLASSES, "number"), True),
    **dict.fromkeys(("minUpper", "minLower", "minNumeric", "minSpecial"), 0),
}


def password() -> Asking:
    return Asking(RandomPassword())


@given(
    enabled=st.sets(st.sampled_from(sorted(CLASSES)), min_size=1),
    minima=st.fixed_dictionaries({name: st.integers(0, 5) for name in CLASSES}),
    spare=st.integers(1, 20),
)
def test_the_alphabet_and_the_minima_hold(enabled: set[str], minima: dict[str, int], spare: int) -> None:
    length = sum(minima.values()) + spare
    flags: dict[str, Value] = {name: name in enabled for name in CLASSES}
    counts: dict[str, Value] = {f"min{name.capitalize()}": count for name, count in minima.items()}
    result, _ = Asking(RandomString()).create(length=length, **flags, **counts)
    assert len(result) == length
    allowed = {name for name in CLASSES if name in enabled or minima[name]}
    assert set(result) <= set("".join(CLASSES[name] for name in allowed))
    for name, count in minima.items():
        assert sum(character in CLASSES[name] for character in result) >= count
        if name not in enabled:
            assert sum(character in CLASSES[name] for character in result) == count


def test_the_minima_are_not_in_a_fixed_place() -> None:
    results = {
        Asking(RandomString()).create(length=8, minUpper=1, upper=False, numeric=False, special=False)[0]
        for _ in range(200)
    }
    assert len({next(i for i, c in enumerate(result) if c.isupper()) for result in results}) > 4


def test_override_special_replaces_the_special_characters() -> None:
    result, _ = Asking(RandomString()).create(length=40, upper=False, lower=False, numeric=False, overrideSpecial="°§")
    assert set(result) <= set("°§")


def test_an_empty_alphabet_is_an_error() -> None:
    with raises(ProviderError, match="the character set specified is empty"):
        password().create(length=4, upper=False, lower=False, numeric=False, special=False)


def test_a_password_is_secret_and_its_hash_matches() -> None:
    outputs = password().raw_outputs(length=80)
    result, hashed = outputs["result"], outputs["bcryptHash"]
    assert isinstance(result, Secret) and isinstance(hashed, Secret)
    assert isinstance(result.value, str) and isinstance(hashed.value, str)
    assert hashed.value.startswith("$2a$10$")
    assert bcrypt.checkpw(result.value.encode()[:72], hashed.value.encode())
    assert outputs["__meta"] == '{"schema_version":"3"}'


def test_a_string_is_its_own_id_and_a_password_has_none() -> None:
    string_id, outputs = Asking(RandomString()).create(length=8)
    assert string_id == outputs["result"] == outputs["id"]
    assert password().create(length=8)[0] == "none"


def test_defaults_appear_in_outputs_and_not_in_inputs() -> None:
    assert password().check(length=16).inputs == {"length": 16}
    preview = password().preview(length=16)
    assert preview == DEFAULTS | dict.fromkeys(("result", "bcryptHash", "id"), UNKNOWN)


def test_unknown_keys_are_kept_in_inputs_and_ignored() -> None:
    assert password().check(length=16, bogus=1).inputs == {"length": 16, "bogus": 1}
    assert "bogus" not in password().create(length=16, bogus=1)[1]


@mark.parametrize(
    ("inputs", "reason"),
    [
        ({}, "Missing required property 'length': the number of characters, 1 or more"),
        (
            {"length": 0},
            "Invalid Attribute Value. Attribute length value must be at least 1, got: 0. Examine values at 'r.length'.",
        ),
        (
            {"length": 3, "minUpper": 2, "minLower": 2},
            "Invalid Attribute Value. Attribute length value must be at least sum of min_upper + min_lower + "
            "min_numeric + min_special, got: 3. Examine values at 'r.length'.",
        ),
        (
            {"length": 3, "numeric": False, "upper": False, "lower": False, "special": False},
            "Invalid Attribute Combination. At least one attribute out of [special,upper,lower,numeric] must be "
            "specified as true. Examine values at 'r.numeric'.",
        ),
    ],
)
def test_wrong_inputs_are_named(inputs: Properties, reason: str) -> None:
    assert password().reasons(**inputs) == [reason]


def test_unknown_inputs_are_not_judged() -> None:
    assert password().reasons(length=UNKNOWN, minUpper=99) == []
    assert password().reasons(length=3, minUpper=UNKNOWN, minLower=9) == []


def test_a_number_as_text_is_accepted_and_another_text_is_not() -> None:
    assert password().check(length="12").inputs == {"length": "12"}
    assert password().create(length="12")[1]["length"] == 12
    with raises(ProviderError, match='objectEncoder failed on property "length": Expected a Number') as error:
        password().check(length="hunter2")
    assert "hunter2" not in str(error.value)


def test_number_is_the_old_name_of_numeric() -> None:
    asking = password()
    assert asking.create(length=9, number=False)[1]["numeric"] is False
    asking.check(length=9, number=True)
    assert asking.messages[0][0] is Severity.WARNING and '"number" is deprecated' in asking.messages[0][1]
    with raises(ProviderError, match="Number and numeric are both configured with different values"):
        asking.preview(length=9, number=True, numeric=False)


@mark.parametrize(
    ("news", "replaces"),
    [
        ({"length": 16}, []),
        ({"length": "16", "minUpper": 0, "numeric": True, "bogus": 1}, []),
        ({"length": 17}, ["length"]),
        ({"length": UNKNOWN}, ["length"]),
        ({"length": 16, "numeric": False}, ["number", "numeric"]),
        ({"length": 16, "overrideSpecial": ""}, ["overrideSpecial"]),
        ({"length": 16, "keepers": {"a": "b"}}, ["keepers"]),
        ({"length": 16, "keepers": {"a": UNKNOWN}}, ["keepers"]),
    ],
)
def test_every_change_replaces(news: Properties, replaces: list[str]) -> None:
    _, state = password().create(length=16)
    assert password().diff(state, **news) == Diff(
        changed=bool(replaces), replaces=tuple(replaces), diffs=tuple(replaces)
    )


@mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, {}, Diff(changed=True, diffs=("keepers",))),
        ({"a": "b"}, {"a": "b"}, Diff()),
        ({"a": "b"}, {"a": "b", "c": None}, Diff(changed=True, diffs=("keepers",))),
        ({"a": "b"}, {"a": "c"}, Diff(changed=True, replaces=("keepers",), diffs=("keepers",))),
        ({"a": "b"}, {}, Diff(changed=True, replaces=("keepers",), diffs=("keepers",))),
        ({"a": "b"}, None, Diff(changed=True, replaces=("keepers",), diffs=("keepers",))),
        ({"a": "b"}, UNKNOWN, Diff(changed=True, replaces=("keepers",), diffs=("keepers",))),
    ],
)
def test_keepers_replace_when_a_value_changes(old: Value, new: Value, expected: Diff) -> None:
    _, state = password().create(length=16, keepers=old)
    assert password().diff(state, length=16, keepers=new) == expected


def test_override_special_from_empty_to_unset_is_an_update() -> None:
    _, state = password().create(length=16, overrideSpecial="")
    assert password().diff(state, length=16) == Diff(changed=True, diffs=("overrideSpecial",))
    updated = password().update(state, {"length": 16})
    assert "overrideSpecial" not in updated and updated["result"] == state["result"]


def test_ignored_changes_keep_the_state() -> None:
    _, state = password().create(length=16)
    assert password().diff(state, "length", length=17) == Diff()


def test_a_password_is_imported_by_its_text() -> None:
    found = password().read("pässword")
    assert found.id == "none"
    assert found.outputs["result"] == "pässword" and found.outputs["length"] == 9
    assert found.inputs == {"length": 9, **dict.fromkeys((*CLASSES, "number"), True)}
    assert bcrypt.checkpw("pässword".encode(), text(found.outputs, "bcryptHash").encode())


def test_a_refresh_returns_the_state() -> None:
    _, state = password().create(length=16, keepers={"a": "b"})
    found = password().read("none", state, {"length": 16, "keepers": {"a": "b"}, "bogus": 1})
    assert (found.outputs, found.inputs) == (state, {"length": 16, "keepers": {"a": "b"}, "bogus": 1})


def test_a_state_of_an_old_version_is_completed() -> None:
    old: Properties = {"id": "abcd", "result": "abcd", "length": 4, "number": False}
    assert Asking(RandomString()).diff(old, length=4, numeric=False) == Diff()
