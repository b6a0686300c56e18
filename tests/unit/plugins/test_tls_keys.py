"""PrivateKey."""

import hashlib
import re

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_private_key,
    load_ssh_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.asking import Asking, text
from tests.unit.plugins.openssl import openssl
from toolchain.plugins.framework.resource import Diff, ProviderError
from toolchain.plugins.framework.values import UNKNOWN, Properties, Secret
from toolchain.plugins.tls import pem
from toolchain.plugins.tls.keys import state_hash
from toolchain.plugins.tls.private_key import PrivateKey

KEYS = {
    "RSA": ({"algorithm": "RSA"}, "RSA PRIVATE KEY", "ssh-rsa "),
    "P224": ({"algorithm": "ECDSA"}, "EC PRIVATE KEY", ""),
    "P256": ({"algorithm": "ECDSA", "ecdsaCurve": "P256"}, "EC PRIVATE KEY", "ecdsa-sha2-nistp256 "),
    "P384": ({"algorithm": "ECDSA", "ecdsaCurve": "P384"}, "EC PRIVATE KEY", "ecdsa-sha2-nistp384 "),
    "P521": ({"algorithm": "ECDSA", "ecdsaCurve": "P521"}, "EC PRIVATE KEY", "ecdsa-sha2-nistp521 "),
    "ED25519": ({"algorithm": "ED25519"}, "PRIVATE KEY", "ssh-ed25519 "),
}


def key() -> Asking:
    return Asking(PrivateKey())


@pytest.fixture(scope="module", params=KEYS, name="made")
def made_key(request: pytest.FixtureRequest) -> tuple[str, Properties]:
    inputs: Properties = dict(KEYS[request.param][0])
    return request.param, key().create(**inputs)[1]


def test_all_forms_are_the_same_key(made: tuple[str, Properties]) -> None:
    name, outputs = made
    _, label, ssh = KEYS[name]
    private = load_pem_private_key(text(outputs, "privateKeyPem").encode(), None)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert text(outputs, "privateKeyPem").startswith(f"-----BEGIN {label}-----\n")
    assert text(outputs, "privateKeyPemPkcs8").startswith("-----BEGIN PRIVATE KEY-----\n")
    pkcs8 = load_pem_private_key(text(outputs, "privateKeyPemPkcs8").encode(), None)
    assert pkcs8.private_numbers() == private.private_numbers() if name != "ED25519" else True  # type: ignore[union-attr]
    assert outputs["publicKeyPem"] == public
    assert load_pem_public_key(public.encode()) == pkcs8.public_key()
    if ssh:
        assert text(outputs, "publicKeyOpenssh").startswith(ssh)
        assert load_ssh_public_key(text(outputs, "publicKeyOpenssh").encode()) == private.public_key()
        opened = load_ssh_private_key(text(outputs, "privateKeyOpenssh").encode(), None)
        assert opened.public_key() == private.public_key()
        assert text(outputs, "publicKeyOpenssh").count(" ") == 1, "no comment"
    else:
        empty = ("publicKeyOpenssh", "privateKeyOpenssh", "publicKeyFingerprintMd5", "publicKeyFingerprintSha256")
        assert {outputs[form] for form in empty} == {""}


def test_texts_end_with_a_newline_and_lines_have_64_characters(made: tuple[str, Properties]) -> None:
    for name, value in made[1].items():
        if isinstance(value, str) and value.startswith("-----BEGIN"):
            assert value.endswith("-----\n") and not value.endswith("\n\n"), name
            assert {len(line) for line in value.splitlines()[1:-2]} <= {64}, name
    assert text(made[1], "publicKeyOpenssh")[-1:] in ("\n", "")


def test_fingerprints_and_id(made: tuple[str, Properties]) -> None:
    name, outputs = made
    block = pem.first_block(text(outputs, "publicKeyPem"))
    assert block is not None
    assert outputs["id"] == state_hash(block.der)
    if KEYS[name][2]:
        assert re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){15}", text(outputs, "publicKeyFingerprintMd5"))
        assert re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", text(outputs, "publicKeyFingerprintSha256"))


def test_openssl_accepts_the_key(made: tuple[str, Properties]) -> None:
    for form in ("privateKeyPem", "privateKeyPemPkcs8"):
        assert openssl("pkey", "-pubout", text=text(made[1], form)).startswith(text(made[1], "publicKeyPem"))


def test_private_forms_are_secret_and_public_ones_are_not() -> None:
    outputs = key().raw_outputs(algorithm="ED25519")
    secret = {name for name, value in outputs.items() if isinstance(value, Secret)}
    assert secret == {"privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"}


def test_both_sizes_are_always_in_the_outputs() -> None:
    outputs = key().create(algorithm="ED25519")[1]
    assert (outputs["rsaBits"], outputs["ecdsaCurve"]) == (2048, "P224")
    assert key().preview(algorithm="ED25519")["publicKeyPem"] is UNKNOWN


def test_the_size_of_an_rsa_key_is_kept() -> None:
    private = load_pem_private_key(text(key().create(algorithm="RSA", rsaBits=3072)[1], "privateKeyPem").encode(), None)
    assert private.key_size == 3072  # type: ignore[union-attr]


def test_a_size_that_is_not_safe_is_an_error() -> None:
    with pytest.raises(ProviderError, match="Unable to generate Key from configuration"):
        key().create(algorithm="RSA", rsaBits=512)


@pytest.mark.parametrize("name", ["rsa", "DSA", ""])
def test_other_algorithms_are_refused(name: str) -> None:
    expected = 'Attribute algorithm value must be one of: ["RSA" "ECDSA" "ED25519"], got: "' + name + '"'
    assert key().reasons(algorithm=name) == [
        f"Invalid Attribute Value Match. {expected}. Examine values at 'r.algorithm'."
    ]


def test_every_change_replaces_and_makes_everything_unknown() -> None:
    _, state = key().create(algorithm="ED25519")
    assert key().diff(state, algorithm="ED25519") == Diff()
    changed = key().diff(state, algorithm="ED25519", ecdsaCurve="P256")
    assert changed.replaces == ("ecdsaCurve",)
    assert set(changed.diffs) == {"ecdsaCurve", *PrivateKey.computed}


def test_a_state_of_an_old_version_gets_the_missing_forms() -> None:
    _, state = key().create(algorithm="ED25519")
    old = {
        name: value
        for name, value in state.items()
        if name not in ("privateKeyPemPkcs8", "privateKeyOpenssh", "__meta")
    }
    assert key().diff(old, algorithm="ED25519") == Diff()
    assert key().read("x", old).outputs["privateKeyPemPkcs8"] == state["privateKeyPemPkcs8"]


def test_a_key_cannot_be_imported() -> None:
    with pytest.raises(ProviderError, match="Resource Import Not Implemented"):
        key().read("x")


@given(st.binary(min_size=1), st.lists(st.sampled_from([b" ", b"\n", b"\xc2\x85", b"\xc2\xa0", b"\xe2\x80\xa8"])))
def test_ids_ignore_white_space_at_the_end(der: bytes, spaces: list[bytes]) -> None:
    solid = der + b"\x01"
    assert state_hash(solid + b"".join(spaces)) == hashlib.sha1(solid).hexdigest()


@given(st.binary(), st.sampled_from(["CERTIFICATE", "RSA PRIVATE KEY"]), st.sampled_from(["", "# a comment\n"]))
def test_pem_is_read_as_it_is_written(der: bytes, label: str, before: str) -> None:
    written = pem.encode(label, der)
    assert pem.first_block(before + written + "-----BEGIN OTHER-----\nAAAA\n-----END OTHER-----\n") == pem.PemBlock(
        label, der
    )
    assert pem.first_block(written.replace("\n", "\r\n")) == pem.PemBlock(label, der)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "x",
        "-----BEGIN A-----\n",
        "-----BEGIN A-----\nAA!A\n-----END A-----",
        "-----BEGIN A-----\nAAAA\n-----END B-----",
    ],
)
def test_what_is_no_pem_is_none(broken: str) -> None:
    assert pem.first_block(broken) is None
