"""Values on the wire."""

from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from pytest import raises

from toolchain.plugins.framework.values import UNKNOWN, Properties, Secret, contains_unknown, marshal, unmarshal

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.just(UNKNOWN)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


@given(st.dictionaries(st.text(), VALUES))
def test_what_is_written_is_read_back(properties: Properties) -> None:
    assert unmarshal(marshal(properties)) == properties


@given(VALUES)
def test_a_secret_is_read_as_its_value(value: Properties) -> None:
    assert unmarshal(marshal({"a": Secret(value)})) == {"a": value}


def test_a_secret_is_marked_on_the_wire_and_hidden_in_messages() -> None:
    fields = marshal({"a": Secret("hunter2")}).fields["a"].struct_value.fields
    assert fields["4dabf18193072939515e22adb298388d"].string_value == "1b47061264138c4ac30d75fd1eb44270"
    assert fields["value"].string_value == "hunter2"
    assert "hunter2" not in repr(Secret("hunter2"))


def test_every_marker_of_the_engine_reads_as_unknown() -> None:
    marker = "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2"
    assert unmarshal(struct_pb2.Struct(fields={"a": struct_pb2.Value(string_value=marker)})) == {"a": UNKNOWN}


def test_whole_numbers_are_integers_and_others_are_not() -> None:
    read = unmarshal(
        struct_pb2.Struct(fields={"a": struct_pb2.Value(number_value=3), "b": struct_pb2.Value(number_value=0.5)})
    )
    assert (type(read["a"]), type(read["b"])) == (int, float)


def test_an_output_value_is_read_as_its_value_or_as_unknown() -> None:
    signature = struct_pb2.Value(string_value="d0e6a833031e9bbcd3f4e8bde6ca49a4")
    known = {"4dabf18193072939515e22adb298388d": signature, "value": struct_pb2.Value(string_value="x")}
    unknown = {"4dabf18193072939515e22adb298388d": signature}
    wrapped = {
        "known": struct_pb2.Value(struct_value=struct_pb2.Struct(fields=known)),
        "unknown": struct_pb2.Value(struct_value=struct_pb2.Struct(fields=unknown)),
    }
    assert unmarshal(struct_pb2.Struct(fields=wrapped)) == {"known": "x", "unknown": UNKNOWN}


def test_an_asset_is_refused() -> None:
    asset = {"4dabf18193072939515e22adb298388d": struct_pb2.Value(string_value="c44067f5952c0a294b673a41bacd8c17")}
    with raises(ValueError, match="assets"):
        unmarshal(struct_pb2.Struct(fields={"a": struct_pb2.Value(struct_value=struct_pb2.Struct(fields=asset))}))


def test_unknowns_are_found_at_any_depth() -> None:
    assert contains_unknown({"a": ["b", Secret({"c": UNKNOWN})]})
    assert not contains_unknown({"a": ["b", Secret({"c": "unknown"})]})
