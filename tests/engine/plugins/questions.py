"""What both plugins are asked: inputs, and changes of them."""

from dataclasses import dataclass, field
from functools import cache

from tests.unit.plugins.issued import CA_KEY, KEY, OTHER_KEY, authority, new_key, request
from toolchain.plugins.framework.values import UNKNOWN, Properties, Value
from toolchain.plugins.tls.usages import ALLOWED_USES


@dataclass(frozen=True)
class Question:
    """Inputs of a type. `changes` are compared with the state that the inputs give, altered by `state`."""

    token: str
    inputs: Properties
    changes: tuple[Properties, ...] = ()
    state: Properties = field(default_factory=dict)
    creates: bool = True

    def __str__(self) -> str:
        shown = {name: str(value)[:30] for name, value in self.inputs.items() if name not in _BASE}
        return f"{self.token.rpartition(':')[2]} {shown}{' altered' if self.state else ''}".replace("\n", " ")


def _random(kind: str, *changes: Properties, **inputs: Value) -> Question:
    return Question(f"random:index/random{kind}:Random{kind}", inputs, changes)


def _preview(kind: str, **inputs: Value) -> Question:
    return Question(f"random:index/random{kind}:Random{kind}", inputs, creates=False)


_OFF: Properties = dict.fromkeys(("upper", "lower", "special"), False)

RANDOM_QUESTIONS = [
    *(
        question
        for kind in ("Password", "String")
        for question in (
            _preview(kind),
            _preview(kind, length=None),
            _preview(kind, length=""),
            _preview(kind, length=0),
            _preview(kind, length="abc"),
            _preview(kind, length=UNKNOWN),
            _preview(kind, length=3, minUpper=2, minLower=2),
            _preview(kind, length=5, number=True, numeric=False),
            _preview(kind, length=5, numeric=False, number=False, **_OFF),
            _preview(kind, length=5, upper="x"),
            _preview(kind, length=5, keepers="x"),
            _preview(kind, length=5, keepers={"a": 1, "b": True}),
            _preview(kind, length=5, overrideSpecial=["a"]),
            _random(kind, length=4, numeric=False, minUpper=4, **_OFF),
            _random(kind, length="12", bogus=1),
            _random(kind, length=4, minUpper=4, **_OFF),
            _random(
                kind,
                {"length": 16},
                {"length": 17},
                {"length": "16", "minUpper": 0, "number": True},
                {"length": UNKNOWN},
                {"length": 16, "numeric": False},
                {"length": 16, "number": False, "numeric": True},
                {"length": 16, "keepers": {}},
                {"length": 16, "keepers": {"a": "b"}},
                {"length": 16, "keepers": {"a": UNKNOWN}},
                {"length": 16, "keepers": UNKNOWN},
                {"length": 16, "overrideSpecial": ""},
                {"length": 16, "overrideSpecial": UNKNOWN},
                length=16,
            ),
            _random(
                kind,
                {"length": 16, "keepers": {"a": "b"}},
                {"length": 16, "overrideSpecial": ""},
                {"length": 16, "overrideSpecial": "", "keepers": {"a": "c"}},
                {"length": 16, "overrideSpecial": "", "keepers": {"a": "b", "c": None}},
                {"length": 16, "overrideSpecial": "", "keepers": {}},
                length=16,
                overrideSpecial="",
                keepers={"a": "b"},
            ),
        )
    ),
    _random("Id", {"byteLength": 4}, {"byteLength": 4, "prefix": ""}, {"byteLength": 4, "keepers": {}}, byteLength=4),
    _random("Id", byteLength=0),
    _random("Id", byteLength=4, prefix="p-"),
    _random("Bytes", {"length": 8, "keepers": {}}, {"length": 9}, length=8),
    _random("Uuid", {"keepers": {"a": "b"}}),
    _random("Uuid4", {}),
    _random("Uuid7", keepers={"a": "b"}),
    _random("Integer", {"min": 1, "max": 2}, {"min": 0, "max": 1}, min=1, max=1),
    _random("Integer", min=2, max=1),
    _random("Shuffle", {"inputs": ["a"], "resultCount": 3}, {"inputs": ["b"]}, inputs=["a"], resultCount=3),
    _random("Shuffle", inputs=[]),
    _random("Pet", {"prefix": ""}, {}, {"length": 2}, {"separator": "_"}, prefix=""),
]

_BASE = ("privateKeyPem", "allowedUses", "validityPeriodHours", "caCertPem", "caPrivateKeyPem", "certRequestPem")
_SELF: Properties = {"privateKeyPem": KEY, "allowedUses": ["server_auth"], "validityPeriodHours": 10}
_SUBJECT: Properties = {
    "commonName": "c.example",
    "country": "Germany",
    "emailAddress": "a@b.example",
    "organization": "Ürgänization",
    "organizationalUnit": "",
    "streetAddresses": ["b street", "a street"],
    "postalCode": "1*",
    "serialNumber": "",
}


def _key(*changes: Properties, creates: bool = True, **inputs: Value) -> Question:
    return Question("tls:index/privateKey:PrivateKey", inputs, changes, creates=creates)


def _self(*changes: Properties, state: Properties | None = None, creates: bool = True, **inputs: Value) -> Question:
    news = tuple(_SELF | change for change in changes)
    return Question("tls:index/selfSignedCert:SelfSignedCert", _SELF | inputs, news, state or {}, creates)


def _request(*changes: Properties, **inputs: Value) -> Question:
    return Question("tls:index/certRequest:CertRequest", {"privateKeyPem": KEY} | inputs, changes)


@cache
def _signed() -> Properties:
    ca: Properties = {"caCertPem": authority(), "caPrivateKeyPem": CA_KEY, "certRequestPem": request()}
    return ca | {"allowedUses": ["server_auth"], "validityPeriodHours": 10}


def _local(*changes: Properties, **inputs: Value) -> Question:
    news = tuple(_signed() | change for change in changes)
    return Question("tls:index/locallySignedCert:LocallySignedCert", _signed() | inputs, news)


TLS_QUESTIONS = [
    *(_key(algorithm="ECDSA", ecdsaCurve=curve) for curve in ("P224", "P256", "P384", "P521")),
    _key(
        {"algorithm": "ED25519"}, {"algorithm": "ED25519", "rsaBits": 4096}, {"algorithm": UNKNOWN}, algorithm="ED25519"
    ),
    _key(algorithm="RSA"),
    _key(algorithm="rsa", creates=False),
    _key(creates=False),
    _key(algorithm="RSA", ecdsaCurve="P1", creates=False),
    _self(
        {},
        {"earlyRenewalHours": 3},
        {"earlyRenewalHours": 10},
        {"earlyRenewalHours": UNKNOWN},
        {"validityPeriodHours": 11},
        {"validityPeriodHours": UNKNOWN},
        {"dnsNames": []},
        {"subject": {}},
        {"subject": UNKNOWN},
        {"maxPathLength": -1},
        {"isCaCertificate": True},
        {"allowedUses": []},
        {"privateKeyPem": OTHER_KEY},
        {"privateKeyPem": KEY + "\n"},
        {"privateKeyPem": UNKNOWN},
    ),
    _self({"dnsNames": ["b", "a"]}, {"dnsNames": ["a", "b"]}, dnsNames=["a", "b"], maxPathLength=-1),
    _self({"validityPeriodHours": 0}, validityPeriodHours=0),
    _self({"earlyRenewalHours": 10}, {"earlyRenewalHours": 9}, earlyRenewalHours=10),
    _self({}, {"earlyRenewalHours": 1}, state={"validityEndTime": "2026-01-02T03:04:05.2696+02:00"}),
    _self({}, state={"privateKeyPem": "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"}),
    _self({"subject": {}}, state={"isCaCertificate": None, "subject": {"commonName": ""}}, subject={}),
    _self(allowedUses=["bogus"], creates=False),
    _self(validityPeriodHours=-1, creates=False),
    _self(ipAddresses=[""], creates=False),
    _self(privateKeyPem=UNKNOWN, dnsNames=[UNKNOWN, "a"], subject={"commonName": UNKNOWN}, creates=False),
    _self(subject=UNKNOWN, validityPeriodHours=UNKNOWN, creates=False),
    _self(subject=[{"commonName": "x"}], creates=False),
    _self(isCaCertificate=True),
    _self(isCaCertificate=True, subject={"commonName": "ca"}, maxPathLength=0, setAuthorityKeyId=True),
    _self(isCaCertificate=True, subject={"commonName": "ca"}, maxPathLength=2),
    _self(subject=_SUBJECT, dnsNames=["b", "a"], ipAddresses=["::1", "::ffff:1.2.3.4"], uris=["https://ü/ä b"]),
    _self(dnsNames=["a"], setSubjectKeyId=True, allowedUses=list(ALLOWED_USES)),
    *(_self(privateKeyPem=new_key(algorithm="ECDSA", ecdsaCurve=curve)) for curve in ("P224", "P384", "P521")),
    *(_self(privateKeyPem=new_key(algorithm=kind), setSubjectKeyId=True) for kind in ("RSA", "ED25519")),
    _self(maxPathLength=1),
    _self(setAuthorityKeyId=True),
    _self(dnsNames=["ü.test"]),
    _self(privateKeyPem="x"),
    _request({"privateKeyPem": KEY}, {"privateKeyPem": OTHER_KEY}, {"privateKeyPem": KEY, "dnsNames": ["a"]}),
    _local({}, {"earlyRenewalHours": 1}, {"caPrivateKeyPem": UNKNOWN}, {"setSubjectKeyId": True}),
    _request(subject=_SUBJECT, dnsNames=["b", "a"], ipAddresses=["::1"], uris=["a:b"]),
    _local(certRequestPem=request(subject=_SUBJECT, uris=["a:b"], ipAddresses=["::1"])),
    _local(certRequestPem=request(subject=None), isCaCertificate=True),
    _local(certRequestPem=request(subject={"commonName": "Test CA"})),
    _local(caPrivateKeyPem=OTHER_KEY),
    _local(caCertPem="x"),
]
