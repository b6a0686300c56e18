"""RandomId, RandomBytes, the UUIDs, RandomInteger, RandomShuffle and RandomPet."""

import re
import time
import uuid
from base64 import b64decode, urlsafe_b64decode

from hypothesis import given
from hypothesis import strategies as st
from pytest import mark, raises

from tests.unit.plugins.asking import Asking, text
from toolchain.plugins.framework.planned import PlannedResource
from toolchain.plugins.framework.resource import ProviderError
from toolchain.plugins.framework.values import UNKNOWN, Properties, Secret
from toolchain.plugins.random.identifiers import RandomBytes, RandomId, RandomUuid, RandomUuid4, RandomUuid7
from toolchain.plugins.random.numbers import RandomInteger, RandomShuffle
from toolchain.plugins.random.pet import RandomPet
from toolchain.plugins.random.words import ADJECTIVES, ADVERBS, NAMES


@given(st.integers(1, 64), st.sampled_from([None, "p-", "a,b"]))
def test_an_id_in_all_spellings_is_the_same_bytes(count: int, prefix: str | None) -> None:
    resource_id, outputs = Asking(RandomId()).create(byteLength=count, prefix=prefix)
    value = urlsafe_b64decode(resource_id + "=" * (-len(resource_id) % 4))
    start = prefix or ""
    assert len(value) == count and "=" not in resource_id
    assert outputs["b64Url"] == start + resource_id
    assert outputs["hex"] == start + value.hex()
    assert outputs["dec"] == start + str(int.from_bytes(value, "big"))
    assert b64decode(text(outputs, "b64Std").removeprefix(start)) == value
    assert Asking(RandomId()).read(f"{prefix},{resource_id}" if prefix else resource_id).outputs == outputs


def test_random_bytes_are_secret_and_the_id_is_their_base64() -> None:
    outputs = Asking(RandomBytes()).raw_outputs(length=8)
    base64, hexadecimal = outputs["base64"], outputs["hex"]
    assert isinstance(base64, Secret) and isinstance(hexadecimal, Secret)
    assert isinstance(base64.value, str) and b64decode(base64.value).hex() == hexadecimal.value
    assert "id" not in outputs
    found = Asking(RandomBytes()).read("AQIDBA==")
    assert found.outputs == {"base64": "AQIDBA==", "hex": "01020304", "length": 4}


def test_keepers_of_random_bytes_replace_on_every_change() -> None:
    _, state = Asking(RandomBytes()).create(length=8)
    assert list(Asking(RandomBytes()).diff(state, length=8, keepers={}).replaces) == ["keepers"]


def test_uuids_are_as_their_version_says() -> None:
    before = time.time_ns() // 1_000_000
    made = [uuid.UUID(Asking(kind()).create()[0]) for kind in (RandomUuid4, RandomUuid7)]
    assert [value.version for value in made] == [4, 7]
    assert all(value.variant == uuid.RFC_4122 for value in made)
    assert before <= made[1].int >> 80 <= time.time_ns() // 1_000_000
    versions = {Asking(RandomUuid()).create()[0][14] for _ in range(200)}
    assert len(versions) > 4, "RandomUuid sets no version bits"
    assert (
        Asking(RandomUuid()).read("6D2D4A1E-7A3A-4E0E-9F0A-3F0B0C0D0E0F").id == "6d2d4a1e-7a3a-4e0e-9f0a-3f0b0c0d0e0f"
    )


@given(st.integers(-100, 100), st.integers(0, 3))
def test_an_integer_lies_within_its_limits(low: int, span: int) -> None:
    resource_id, outputs = Asking(RandomInteger()).create(min=low, max=low + span)
    assert resource_id == str(outputs["result"])
    assert outputs["result"] in range(low, low + span + 1)


def test_both_limits_are_reached() -> None:
    assert {Asking(RandomInteger()).create(min=1, max=2)[0] for _ in range(100)} == {"1", "2"}


def test_reversed_limits_fail_when_created() -> None:
    assert Asking(RandomInteger()).preview(min=2, max=1)["result"] is UNKNOWN
    with raises(ProviderError, match="needs to be smaller than or equal to maximum"):
        Asking(RandomInteger()).create(min=2, max=1)


def test_an_integer_is_imported_with_its_limits() -> None:
    assert Asking(RandomInteger()).read("3,1,5").outputs == {"id": "3", "result": 3, "min": 1, "max": 5}
    for wrong in ("3,1", "a,1,5", ""):
        with raises(ProviderError, match="Import Random Integer Error"):
            Asking(RandomInteger()).read(wrong or "-")


@given(st.lists(st.text(), min_size=1, max_size=6, unique=True), st.integers(0, 20))
def test_a_shuffle_is_made_of_whole_permutations(elements: list[str], count: int) -> None:
    resource_id, outputs = Asking(RandomShuffle()).create(inputs=elements, resultCount=count)
    results = outputs["results"]
    assert resource_id == "-" and isinstance(results, list) and len(results) == count
    for start in range(0, count, len(elements)):
        part = results[start : start + len(elements)]
        assert len(set(part)) == len(part) and set(part) <= set(elements)


def test_a_shuffle_gives_everything_once_by_default_and_nothing_for_nothing() -> None:
    results = Asking(RandomShuffle()).create(inputs=["a", "b", "c"])[1]["results"]
    assert isinstance(results, list) and sorted(map(str, results)) == ["a", "b", "c"]
    assert Asking(RandomShuffle()).create(inputs=[], resultCount=3)[1]["results"] == []


@mark.parametrize(
    ("inputs", "pattern"),
    [
        ({}, r"[a-z]+-[a-z]+"),
        ({"length": 1}, r"[a-z]+"),
        ({"length": 0}, r"[a-z]+"),
        ({"length": 4, "separator": "_"}, r"[a-z]+(_[a-z]+){3}"),
        ({"prefix": "web"}, r"web-[a-z]+-[a-z]+"),
    ],
)
def test_a_pet_name_has_its_form(inputs: Properties, pattern: str) -> None:
    resource_id, outputs = Asking(RandomPet()).create(**inputs)
    assert re.fullmatch(pattern, resource_id)
    assert outputs["id"] == resource_id


def test_the_words_are_lower_case_letters_and_no_word_comes_twice() -> None:
    for words, least in ((ADVERBS, 100), (ADJECTIVES, 180), (NAMES, 250)):
        assert len(set(words)) == len(words) >= least
        assert all(re.fullmatch("[a-z]+", word) for word in words)


@mark.parametrize("resource", [RandomPet(), RandomShuffle()])
def test_what_cannot_be_imported_says_so(resource: PlannedResource) -> None:
    with raises(ProviderError, match="Resource Import Not Implemented"):
        Asking(resource).read("x")
