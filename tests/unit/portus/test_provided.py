"""A certificate from elsewhere: what would fail once it serves is refused before, and nothing else."""

import asyncio
from typing import Any

import pulumi
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from components.portus import InvalidSettings
from components.portus.settings import Settings, settings_from_args
from components.portus.settings.provided import covers, too_long
from tests.unit.portus import pems
from tests.unit.portus.pems import DAY, INTERMEDIATE, NAMES, NOW, OTHER, ROOT, SERVER, Pair, issued, key_pem
from tests.unit.portus.samples import MINIMAL, merged

WEAK = rsa.generate_private_key(65537, 1024)
TRADITIONAL = serialization.PrivateFormat.TraditionalOpenSSL
ENCRYPTION = serialization.BestAvailableEncryption(b"hunter2")
EC_PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"


def provided(pair: Pair, *chain: Pair, ca: Pair = ROOT, **texts: Any) -> dict[str, Any]:
    """A server's certificate with what follows it, its key, and the CA; ``texts`` replaces some of them."""
    whole = "".join(each.pem for each in (pair, *chain))
    given = {"certificate_pem": whole, "private_key_pem": pair.key_pem, "ca_certificate_pem": ca.pem}
    return merged(MINIMAL, {"certificates": {"provided": given | texts}})


def wrong(args: dict[str, Any]) -> list[tuple[str, str]]:
    """Every problem: the argument below ``certificates.provided``, and what is said."""
    try:
        settings_from_args("test", args)
    except InvalidSettings as error:
        lines = [line.strip().split(": ", 1) for line in str(error).splitlines()[1:]]
        return [(path.removeprefix("certificates.provided."), reason) for path, reason in lines]
    return []


def server(**respects: Any) -> Pair:
    """A server's certificate by the root."""
    return issued("server", ROOT, **{"names": NAMES, **respects})


def relabelled(text: str) -> str:
    """As `openssl pkcs12` writes it."""
    return f"Bag Attributes\n    friendlyName: Zürich\nsubject=CN = server\n{text}Bag Attributes: <No Attributes>\n"


SELF_SIGNED = issued("self", names=NAMES)
TEN_YEARS = issued("self", names=NAMES, ends=NOW + 3650 * DAY)
WILD = server(names=["*.example.com"])
EXPIRED_ROOT = issued("root", key=ROOT.key, authority=True, begins=NOW - 9 * DAY, ends=NOW - DAY)
CROSS_SIGNED = issued("root", OTHER, key=ROOT.key, authority=True)


@pytest.mark.parametrize(
    "args",
    {
        "in order": provided(SERVER, INTERMEDIATE),
        "root with it": provided(SERVER, INTERMEDIATE, ROOT),
        "more after the root": provided(SERVER, INTERMEDIATE, ROOT, OTHER),
        "root by another one too": provided(SERVER, INTERMEDIATE, CROSS_SIGNED),
        "intermediate beside the CA": provided(SERVER, ca_certificate_pem=ROOT.pem + INTERMEDIATE.pem),
        "several CAs": provided(server(), ca_certificate_pem=OTHER.pem + ROOT.pem),
        "an expired CA, and its successor": provided(server(), ca_certificate_pem=EXPIRED_ROOT.pem + ROOT.pem),
        "its own CA": provided(SELF_SIGNED, ca=SELF_SIGNED),
        "its own CA for ten years": provided(TEN_YEARS, ca=TEN_YEARS),
        "wildcard": provided(WILD),
        "upper case": provided(server(names=["PORTUS.example.com", "*.Example.com"])),
        "more names": provided(server(names=["a.test", *NAMES, "*.b.test"])),
        "for servers": provided(server(purposes=[ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH])),
        "RSA": provided(server(key=rsa.generate_private_key(65537, 2048))),
        "P-384": provided(server(key=ec.generate_private_key(ec.SECP384R1()))),
        "Ed25519": provided(server(key=ed25519.Ed25519PrivateKey.generate())),
        "key in its older form": provided(SERVER, INTERMEDIATE, private_key_pem=key_pem(SERVER.key, TRADITIONAL)),
        "openssl ecparam": provided(
            SERVER, INTERMEDIATE, private_key_pem=EC_PARAMETERS + key_pem(SERVER.key, TRADITIONAL)
        ),
        "bag attributes": provided(
            SERVER,
            certificate_pem=relabelled(SERVER.pem) + relabelled(INTERMEDIATE.pem),
            private_key_pem=relabelled(SERVER.key_pem),
        ),
        "comments": provided(server(), ca_certificate_pem=f"# root of the house\n{ROOT.pem}# end"),
        "certificate beside the key": provided(SERVER, INTERMEDIATE, private_key_pem=SERVER.pem + SERVER.key_pem),
        "lines as on Windows": provided(SERVER, INTERMEDIATE, private_key_pem=SERVER.key_pem.replace("\n", "\r\n")),
    }.items(),
    ids=lambda case: case[0],
)
def test_what_serves_is_taken(args: tuple[str, dict[str, Any]]) -> None:
    assert wrong(args[1]) == []


CASES: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "another key": (
        provided(SERVER, INTERMEDIATE, private_key_pem=OTHER.key_pem),
        [("private_key_pem", "must be the key of the certificate")],
    ),
    "encrypted key": (
        provided(SERVER, INTERMEDIATE, private_key_pem=key_pem(SERVER.key, encryption=ENCRYPTION)),
        [("private_key_pem", "is encrypted, but no one is there to type its passphrase")],
    ),
    "encrypted key in its older form": (
        provided(SERVER, INTERMEDIATE, private_key_pem=key_pem(SERVER.key, TRADITIONAL, ENCRYPTION)),
        [("private_key_pem", "`openssl pkey -in KEY_FILE` prints")],
    ),
    "damaged key": (
        provided(SERVER, INTERMEDIATE, private_key_pem=SERVER.key_pem.replace("\nM", "\nX")),
        [("private_key_pem", "cannot be read")],
    ),
    "indented key": (
        provided(SERVER, INTERMEDIATE, private_key_pem=SERVER.key_pem.replace("-----B", "  -----B")),
        [("private_key_pem", "indented")],
    ),
    "damaged certificate": (
        provided(SERVER, certificate_pem=SERVER.pem + INTERMEDIATE.pem.replace("\nM", "\nX")),
        [("certificate_pem", "certificate 2 in it is damaged")],
    ),
    "certificates on one line": (
        provided(SERVER, certificate_pem=SERVER.pem.strip() + INTERMEDIATE.pem),
        [("certificate_pem", "must be lines of their own")],
    ),
    "key among the certificates": (
        provided(SERVER, certificate_pem=SERVER.pem + SERVER.key_pem + INTERMEDIATE.pem),
        [("certificate_pem", "no key beside them")],
    ),
    "key after the CA": (
        provided(server(), ca_certificate_pem=ROOT.pem + ROOT.key_pem),
        [("ca_certificate_pem", "no key")],
    ),
    "reversed": (
        provided(SERVER, certificate_pem=ROOT.pem + INTERMEDIATE.pem + SERVER.pem),
        [("certificate_pem", "must begin with the server's own certificate, which is number 3")],
    ),
    "intermediate and root exchanged": (
        provided(SERVER, ROOT, INTERMEDIATE),
        [("certificate_pem", "number 2 did not issue number 1; that is number 3")],
    ),
    "another one in between": (
        provided(SERVER, OTHER),
        [("certificate_pem", "number 2 did not issue number 1; that is missing")],
    ),
    "no intermediate": (provided(SERVER), [("ca_certificate_pem", "certificate_pem: 'CN=intermediate'")]),
    "another CA": (provided(SERVER, INTERMEDIATE, ca=OTHER), [("ca_certificate_pem", "certificate_pem: 'CN=root'")]),
    "CA of the same name": (
        provided(server(), ca=issued("root", authority=True)),
        [("ca_certificate_pem", "must hold the CA")],
    ),
    "damaged CA": (
        provided(server(), ca_certificate_pem=ROOT.pem.replace("\nM", "\nX")),
        [("ca_certificate_pem", "is damaged")],
    ),
    "one name missing": (
        provided(server(names=NAMES[:1])),
        [("certificate_pem", "must have registry.example.com among")],
    ),
    "common name only": (provided(server(names=[])), [("certificate_pem", "a common name does not count")]),
    "wildcard of a deeper name": (
        provided(server(names=["*.portus.example.com"])),
        [("certificate_pem", "must have portus.example.com and registry.example.com")],
    ),
    "for clients": (
        provided(server(purposes=[ExtendedKeyUsageOID.CLIENT_AUTH])),
        [("certificate_pem", "has no serverAuth")],
    ),
    "expired": (
        provided(server(begins=NOW - 9 * DAY, ends=NOW - DAY)),
        [("certificate_pem", "certificate 1 ('CN=server') expired on")],
    ),
    "not yet valid": (provided(server(begins=NOW + DAY)), [("certificate_pem", "is not valid before")]),
    "expired CA": (provided(server(), ca=EXPIRED_ROOT), [("ca_certificate_pem", "the CA 'CN=root' expired on")]),
    "weak key": (provided(server(key=WEAK)), [("certificate_pem", "RSA, 1024 bits; at least 2048 are right")]),
    "several at once": (
        provided(
            server(key=WEAK, names=["a.test"], begins=NOW - 9 * DAY, ends=NOW - DAY),
            private_key_pem=OTHER.key_pem,
            ca=OTHER,
        ),
        [
            ("private_key_pem", "must be the key of the certificate"),
            ("certificate_pem", "must have portus.example.com and registry.example.com"),
            ("certificate_pem", "expired on"),
            ("certificate_pem", "1024 bits"),
            ("ca_certificate_pem", "must hold the CA"),
        ],
    ),
}


@pytest.mark.parametrize(("args", "expected"), CASES.values(), ids=CASES)
def test_what_would_fail_is_refused(args: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    found = wrong(args)
    assert [path for path, _ in found] == [path for path, _ in expected], found
    assert [words for (_, words), (_, reason) in zip(expected, found, strict=True) if words not in reason] == [], found
    given = args["certificates"]["provided"]["private_key_pem"].splitlines()
    assert not [line for line in given if len(line) > 30 and any(line in reason for _, reason in found)]


@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.MD5()], ids=["SHA1", "MD5"])
def test_weak_signature_is_refused_but_not_where_nobody_verifies_it(digest: hashes.HashAlgorithm) -> None:
    key = rsa.generate_private_key(65537, 2048)
    plain = issued("root", key=key, authority=True)
    authority = Pair(pems.signed_with(digest, plain.certificate, key), key)
    leaf = issued("server", authority, names=NAMES)
    assert wrong(provided(leaf, ca=authority)) == []
    weak = Pair(pems.signed_with(digest, leaf.certificate, key), leaf.key)
    (found,) = wrong(provided(weak, ca=authority))
    assert found[0] == "certificate_pem" and "weak signature (MD5 or SHA-1)" in found[1]


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("a.test", "a.test", True),
        ("A.TEST.", "a.test", True),
        ("*.test", "a.test", True),
        ("*.test", "test", False),
        ("*.test", "b.a.test", False),
        ("*", "a.test", False),
        ("*.*.test", "b.a.test", False),
        ("b.*.test", "b.a.test", False),
        ("a*.test", "ab.test", False),
        ("a.test", "b.test", False),
    ],
)
def test_wildcard_is_the_whole_first_label(pattern: str, name: str, covered: bool) -> None:
    assert covers(pattern, name) is covered


def test_longer_validity_than_some_clients_take_is_told_and_taken() -> None:
    assert too_long(server(ends=NOW + 824 * DAY).pem) == ""
    assert "is valid for 826 days; Apple's systems refuse more than 825" in too_long(server(ends=NOW + 825 * DAY).pem)


def _settings(args: dict[str, Any], *outputs: str) -> Settings:
    """With some arguments as Outputs."""
    given = dict(args["certificates"]["provided"])
    for key in outputs:
        given[key] = pulumi.Output.from_input(given[key])
    return settings_from_args("test", {**args, "certificates": {"provided": given}})


async def _known(settings: Settings) -> list[str | None]:
    one = settings.certificates.provided
    assert one
    return [await each.future() for each in (one.certificate_pem, one.private_key_pem, one.ca_certificate_pem)]


OUTPUTS = ("certificate_pem", "private_key_pem", "ca_certificate_pem")


@pytest.mark.parametrize("late", [*((key,) for key in OUTPUTS), OUTPUTS], ids=str)
def test_what_is_known_later_is_judged_then(late: tuple[str, ...]) -> None:
    loop = asyncio.get_event_loop()
    good = provided(SERVER, INTERMEDIATE)
    assert loop.run_until_complete(_known(_settings(good, *late))) == list(good["certificates"]["provided"].values())
    bad = provided(SERVER, INTERMEDIATE, private_key_pem=OTHER.key_pem, ca=OTHER)
    with pytest.raises((pulumi.RunError, InvalidSettings)) as caught:
        loop.run_until_complete(_known(_settings(bad, *late)))
    assert "private_key_pem" in str(caught.value) or late == ("private_key_pem",)
    assert "ca_certificate_pem" in str(caught.value) or late == ("ca_certificate_pem",)
    assert OTHER.key_pem.splitlines()[1] not in str(caught.value)


def test_outputs_keep_what_is_secret_secret() -> None:
    loop = asyncio.get_event_loop()
    for late in ((), OUTPUTS):
        one = _settings(provided(SERVER, INTERMEDIATE), *late).certificates.provided
        assert one
        kept = [loop.run_until_complete(each.is_secret()) for each in vars(one).values()]
        assert kept == [False, True, False]


@pytest.mark.parametrize("place", ["database", "docker"])
def test_client_certificates_are_judged_with_their_keys(place: str) -> None:
    def found(key: str) -> list[tuple[str, str]]:
        pair = {"certificate_pem": SERVER.pem, "private_key_pem": key}
        external = {"host": "db.test", "username": "portus", "password": "password-1", "database": "portus"}
        more: dict[str, Any] = {
            "database": {"database": {"external": {**external, "tls": {"ca_certificate_pem": ROOT.pem, **pair}}}},
            "docker": {
                "docker": {"hosts": [{"name": "one", "address": "tcp://a:1", "tls": {"ca_pem": ROOT.pem, **pair}}]}
            },
        }
        return wrong(merged(MINIMAL, more[place]))

    assert found(SERVER.key_pem) == []
    for key, words in (
        (OTHER.key_pem, "key of the certificate"),
        (pems.key_pem(SERVER.key, encryption=ENCRYPTION), "encr"),
    ):
        ((path, reason),) = found(key)
        assert path.endswith("tls.private_key_pem") and words in reason
