"""What the registry needs to trust Portus' tokens, against an independent reading of the same key."""

import base64
import hashlib
import json
import re

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from components.portus.token_trust import jwks, libtrust_key_id
from tests.unit.portus.token_key import (
    PORTUS_DEVELOPMENT_KEY,
    PORTUS_DEVELOPMENT_KEY_ID,
    PORTUS_DEVELOPMENT_KEY_PEM,
)

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def test_key_id_of_the_key_that_everybody_knows() -> None:
    assert libtrust_key_id(PORTUS_DEVELOPMENT_KEY_PEM) == PORTUS_DEVELOPMENT_KEY_ID


def test_key_id_is_the_digest_of_what_stands_between_the_pem_lines() -> None:
    text = pem(KEY.public_key())
    body = re.sub(r"-----[^-]+-----|\s", "", text)
    encoded = base64.b32encode(hashlib.sha256(base64.b64decode(body)).digest()[:30]).decode()
    assert libtrust_key_id(text) == ":".join(re.findall("....", encoded))
    assert re.fullmatch(r"[A-Z2-7]{4}(:[A-Z2-7]{4}){11}", libtrust_key_id(text))


def test_key_set_holds_the_same_key_under_that_id() -> None:
    (key,) = json.loads(jwks(PORTUS_DEVELOPMENT_KEY_PEM))["keys"]
    assert (key["kty"], key["use"], key["alg"], key["kid"]) == ("RSA", "sig", "RS256", PORTUS_DEVELOPMENT_KEY_ID)
    assert (number(key["n"]), number(key["e"])) == (PORTUS_DEVELOPMENT_KEY.n, PORTUS_DEVELOPMENT_KEY.e)
    assert "=" not in key["n"] + key["e"]
    assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}, "public numbers only"


def test_signature_verifies_with_what_the_registry_reads() -> None:
    (key,) = json.loads(jwks(pem(KEY.public_key())))["keys"]
    signature = KEY.sign(b"header.claims", padding.PKCS1v15(), hashes.SHA256())
    public = rsa.RSAPublicNumbers(number(key["e"]), number(key["n"])).public_key()
    public.verify(signature, b"header.claims", padding.PKCS1v15(), hashes.SHA256())


def test_another_key_has_another_id() -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert libtrust_key_id(pem(other.public_key())) != libtrust_key_id(pem(KEY.public_key()))


@pytest.mark.parametrize(
    "text",
    [
        pem(ec.generate_private_key(ec.SECP256R1()).public_key()),
        pem(ed25519.Ed25519PrivateKey.generate().public_key()),
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "",
    ],
)
def test_anything_but_rsa_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        libtrust_key_id(text)
