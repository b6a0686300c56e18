"""The edge's fence before Portus, on a real nginx: hundreds of spellings of what it must refuse and what it passes."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import pytest

from components.portus.roles.edge_fence import FORMS
from components.portus.roles.edge_limits import RETRY_SECONDS
from tests.contract.edge_lab import Answer, EdgeLab, ask, basic, edge_lab

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

TOKEN = "/v2/token"
PULL = "service=hub-registry%3A5000&scope=repository%3Aadmin%2Fapp%3Apull"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SCOPE = re.compile(
    r"(repository:[a-z0-9]+((\.|__?|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|__?|-+)[a-z0-9]+)*)*:"
    r"((pull|push|delete)(,(pull|push|delete))*|\*)|registry:catalog:\*)"
)
"""Written from Distribution's token specification, not from the edge's expression."""
WORD = r"[^\x00-\x1f\x7f:]+"
STRICT = {
    "service": r"[A-Za-z0-9._-]+(:[0-9]{1,5})?",
    "scope": ".+",
    "account": WORD,
    "client_id": WORD,
    "offline_token": "true|false|1|0",
}
CLIENTS = {
    "docker login": "account=joe&client_id=docker&offline_token=true&service=hub-registry%3A5000",
    "docker push": "account=joe&scope=repository%3Ajoe%2Fapp%3Apush%2Cpull&service=hub-registry%3A5000",
    "docker mount": "scope=repository%3Aa%2Fx%3Apull&scope=repository%3Aa%2Fy%3Apull%2Cpush&service=hub%3A5000",
    "containerd": "scope=repository%3Ajoe%2Fapp%3Apull&service=hub-registry%3A5000",
    "skopeo delete": "account=joe&scope=repository%3Ajoe%2Fapp%3A%2A&service=hub-registry%3A5000",
    "crane catalog": "scope=registry%3Acatalog%3A%2A&service=hub-registry%3A5000",
    "jib": "service=hub-registry:5000&scope=repository:joe/app:pull,push&scope=repository:base:pull",
    "several in one": "service=hub:5000&scope=repository:a/b:pull+repository:a/c:pull,push%20registry:catalog:*",
    "Portus itself": "scope=repository%3Aa%2Fb%3Apull&service=hub-registry%3A5000",
    "mail address": "account=jos%C3%A9%40example.com&service=hub-registry%3A5000",
    "domain": "account=CORP%5Cjoe+smith&service=hub-registry%3A5000",
    "names": "scope=repository:portus_stack_smoke_check/a__b/c-d--e.f_g:pull&service=h",
    "nothing": "",
}
WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "PORTUS")
OUR_USERS = (
    *("portus", "Portus", "PORTUS", "pOrTuS", "portus ", "portus   ", "pórtus", WIDE, WIDE.lower(), "port\u00adus"),
    *("po\u200brtus", "portus\u0301", "\u200bportus", "pörtüs", "portuŝ", "portus\x01", "ⓟⓞⓡⓣⓤⓢ", "portus\x00"),
    *(
        "p\u00bartus",
        "portu\u02e2",
        "p\u0366rtus",
        WIDE[0] + "\u200b" + WIDE[1:],
        "portus \x01 ",
        "p" + WIDE[1:],
        "\u2119ortus",
    ),
    *("portus-stack-smoke-check", "portus_stack_smoke_check_1a2b", "PORTUS_stack_smoke_check_1a2b"),
)
OTHERS = (
    *("joe", "admin", "portusx", "xportus", "portus2", "port us", "port", "ports", "portus-admin", "sport", "José"),
    *(
        "王小明",
        "jürgen",
        "Öre",
        "õ",
        "ÅsaÖström",
        "portus_stacker",
        "Σωκράτης",
        "Пётр",
        "joe@example.com",
        "CORP\\joe",
        "",
    ),
)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeLab]:
    with edge_lab(tmp_path_factory.mktemp("edge"), limited=False) as laboratory:
        yield laboratory


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeLab]:
    """One host name for both roles; whoever comes too often is told so."""
    with edge_lab(tmp_path_factory.mktemp("limited"), one_host=True) as laboratory:
        yield laboratory


def refused(answer: Answer, status: int) -> bool:
    """Whether the edge answered with this status and an error that docker clients can read."""
    assert answer.passed is None, f"passed: {answer.passed}"
    assert answer.status == status
    errors = json.loads(answer.body)["errors"]
    assert answer.headers["Content-Type"] == "application/json"
    return bool(errors[0]["code"] and errors[0]["message"])


def as_rack_reads(query: str) -> list[tuple[str, str]]:
    """Rack splits at ``&`` and ``;``, and unescapes keys and values (rack 1.6 and 2.0 ``lib/rack/query_parser.rb``)."""
    return parse_qsl(query.replace(";", "&"), keep_blank_values=True, encoding="latin-1")


@pytest.mark.parametrize("query", CLIENTS.values(), ids=CLIENTS)
def test_what_clients_ask_passes_unchanged(edge: EdgeLab, query: str) -> None:
    passed = edge.get(f"{TOKEN}?{query}" if query else TOKEN, basic("joe")).passed
    assert passed is not None
    assert (passed["role"], passed["path"]) == ("portus", f"{TOKEN}?{query}" if query else TOKEN)


def _letters_too(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def _here_and_there(text: str) -> str:
    return "".join(
        f"%{byte:02X}" if index % 3 == 0 else chr(byte) for index, byte in enumerate(text.encode("latin-1", "?"))
    )


SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda text: quote(text, safe=""),
    lambda text: quote(text, safe="/:,*").replace("%20", " "),
    _letters_too,
    _here_and_there,
    lambda text: text.replace("p", "%70", 1),
    lambda text: text.replace("s", "%73", 1).replace(":", "%3a"),
)
"""How a text stands in a query; clients use the first two."""


WRONG_ACTIONS = ("*,pull", "pull,*", "*,*", "all", "PULL", "pull,", "", "* ", "pull;push", "x,*", "pull:*")
WRONG_NAMES = ("a//b", "/a", "a/", "A/b", "h:5000/a", "..", "a b", "", "a/-b", "catalog\n", "a%2fb", "ä/b")
WRONG_KINDS = ("Repository", "repository(plugin)", "", "registry", "repo")
WRONG_PAIRS = (
    *(("service", "s"), ("format", "xml"), ("offline_token", "maybe"), ("_method", "x"), ("account", "a\n")),
    *(("user[username]", "x"), ("scope[]", "repository:a:pull"), ("sc\x00ope", "x"), ("account[]", "x"), ("scope", "")),
)


def queries(seed: int, count: int) -> Iterator[str]:
    """Token requests in many spellings; two of three have one thing wrong."""
    generator = random.Random(seed)
    pick = generator.choice
    for number in range(count):
        wrong = ("", "action", "name", "kind", "pair", "glue", "", "", "")[number % 9]
        actions = pick(
            WRONG_ACTIONS if wrong == "action" else ("pull", "push", "*", "pull,push", "delete", "pull,pull")
        )
        name = pick(WRONG_NAMES if wrong == "name" else ("admin/secret", "app", "a/b/c-d__e", "a1.b_c"))
        kind = pick(WRONG_KINDS if wrong == "kind" else ("repository",))
        scope = pick(
            [f"{kind}:{name}:{actions}"] * 3 + [f"repository:a:pull {kind}:{name}:{actions} registry:catalog:*"]
        )
        pairs = [("scope", scope), ("service", "r:5000"), *pick([[], [("account", "joe")], [("client_id", "docker")]])]
        pairs += [pick(WRONG_PAIRS)] if wrong == "pair" else []
        generator.shuffle(pairs)
        glue = pick([";", "& ", "&&", "&amp;", "%26"]) if wrong == "glue" else "&"
        spelt = generator.choice(SPELLINGS if number % 2 else SPELLINGS[:2])
        yield glue.join(f"{spelt(key)}={spelt(value)}" for key, value in pairs).replace(" ", pick(["+", "%20"]))


def test_hundreds_of_token_requests_pass_only_when_portus_reads_the_strict_form(edge: EdgeLab) -> None:
    """Whatever passes is what its plain meaning says; whatever is plainly right in plain spelling passes."""
    connection, verdicts = edge.connection(), {200: 0, 400: 0}
    for query in queries(seed=14, count=500):
        if not re.fullmatch("[!-~]+", query):
            continue
        answer = ask(connection, "GET", f"{TOKEN}?{query}", basic("joe"))
        verdicts[answer.status] += 1
        pairs = as_rack_reads(query)
        keys = [key for key, _ in pairs]
        scopes = [scope for key, value in pairs if key == "scope" for scope in re.split(" +", value)]
        strict = (
            all(re.fullmatch(STRICT.get(key, "(?!)"), value) for key, value in pairs)
            and all(keys.count(key) == 1 for key in set(keys) - {"scope"})
            and all(SCOPE.fullmatch(scope) for scope in scopes)
        )
        if answer.status == 200:
            assert strict, f"passed: {query}"
            assert answer.passed is not None and answer.passed["path"] == f"{TOKEN}?{query}"
        else:
            assert refused(answer, 400)
            unusual = re.search("%(?:3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa])|&(?:&|[+]|%20|amp)|;", query)
            assert not strict or unusual, f"refused: {query}"
    assert min(verdicts.values()) > 50, verdicts


@pytest.mark.parametrize(
    "path",
    [
        *("/v2/token", "//v2/token", "/v2//token", "/v2/./token", "/x/../v2/token", "/v2/%74oken", "/%762/token"),
        *("/v2%2Ftoken", "/v2/token.json", "/v2/token%2ejson", "/v2/token/", "/v2/toke%6E/", "/v2/token.xml"),
        *("/v2/token.json/", "/v2/token/.json", "/v2/token%0a", "/v2/token%0A.json", "/v2/token/x"),
    ],
)
def test_no_spelling_of_the_path_gets_a_widened_scope_to_portus(edge: EdgeLab, path: str) -> None:
    answer = edge.get(f"{path}?service=r&scope=repository:admin/secret:*,pull,push,delete")
    assert answer.passed is None
    assert answer.status in (400, 404)


@pytest.mark.parametrize("path", ["/v2/token.json", "/v2/token/", "//v2/token", "/v2/%74oken"])
def test_portus_is_asked_in_one_spelling(edge: EdgeLab, path: str) -> None:
    passed = edge.get(f"{path}?{PULL}").passed
    assert passed is not None and passed["path"] == f"{TOKEN}?{PULL}"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_as_unknown_as_they_are_to_portus(edge: EdgeLab, method: str) -> None:
    """404 is what makes containerd go on with GET after its POST."""
    override = {"X-HTTP-Method-Override": "GET", **FORM}
    assert refused(edge.request(method, f"{TOKEN}?{PULL}", override, b"scope=repository:a:*&_method=get"), 404)


@pytest.mark.parametrize("headers", [FORM, {"Content-Type": "application/json"}, {}])
def test_a_body_brings_no_parameters(edge: EdgeLab, headers: dict[str, str]) -> None:
    assert refused(edge.request("GET", f"{TOKEN}?{PULL}", headers, b"account=portus"), 400)
    chunked = edge.request("GET", f"{TOKEN}?{PULL}", {**headers, "Transfer-Encoding": "chunked"})
    assert chunked.passed is None


@pytest.mark.parametrize("path", [f"{TOKEN}?{PULL}", "/", "/namespaces", "/api/v1/users", "/users/sign_in"])
def test_our_own_users_are_refused_from_outside_and_let_in_inside(edge: EdgeLab, path: str) -> None:
    outside, inside = edge.connection(), edge.connection(inside=True)
    for user in OUR_USERS:
        assert refused(ask(outside, "GET", path, basic(user)), 403), user
        assert ask(inside, "GET", path, basic(user)).passed is not None, user
        if user.isascii() and user.isprintable():
            assert refused(ask(outside, "GET", path, {"Portus-Auth": f"{user}:token"}), 403), user
            assert ask(inside, "GET", path, {"Portus-Auth": f"{user}:token"}).passed is not None, user


def test_everybody_else_is_let_in(edge: EdgeLab) -> None:
    connection = edge.connection()
    for user in OTHERS:
        name = quote_plus(user)
        for path in ("/", f"{TOKEN}?service=r&account={name}" if user else TOKEN):
            passed = ask(connection, "GET", path, basic(user)).passed
            assert passed is not None, user
            assert ["authorization", basic(user)["Authorization"]] in passed["headers"]


def test_no_spelling_of_credentials_is_read_by_portus_alone(edge: EdgeLab) -> None:
    """Ruby's decoder skips what is not base64 (``String#unpack1("m")``), nginx reads strictly or not at all."""
    hidden = basic("portus")["Authorization"].removeprefix("Basic ")
    for value in (
        *(
            f"Basic *{hidden}",
            f"Basic {hidden[:3]} {hidden[3:]}",
            f"Basic {hidden}x",
            f"Basic  {hidden}",
            f"Basic\t{hidden}",
        ),
        *(f"basic {hidden[:4]}-{hidden[4:]}", f"Basic ={hidden}", f"Basic {hidden}, Basic {hidden}", f"BASIC {hidden}"),
    ):
        answer = edge.get(f"{TOKEN}?{PULL}", {"Authorization": value})
        assert answer.passed is None, value
        assert answer.status in (400, 403)


@pytest.mark.parametrize(
    "account", ["portus", "PORTUS", "portus+", "portus%20", "p%C3%B3rtus", "portus-stack-smoke-check"]
)
def test_nobody_says_that_he_is_one_of_our_users(edge: EdgeLab, account: str) -> None:
    assert refused(edge.get(f"{TOKEN}?{PULL}&account={account}", basic("joe")), 403)
    assert edge.get(f"{TOKEN}?{PULL}&account={account}", basic("portus"), inside=True).passed is not None


def form(user: str, **more: str) -> bytes:
    fields = {"utf8": "✓", "authenticity_token": "aB+/=", "user[username]": user, "user[password]": "pä ss&=;%", **more}
    return urlencode({**fields, "button": ""}).encode()


def test_the_form_reaches_portus_for_everybody_but_our_users(edge: EdgeLab) -> None:
    outside = edge.connection()
    for user in (*OUR_USERS, *OTHERS):
        passed = ask(outside, "POST", "/users/sign_in", FORM, form(user)).passed
        assert passed is not None
        assert passed["body"] == ("" if user in OUR_USERS else form(user).decode()), user
    passed = edge.request("POST", "/users/sign_in", FORM, form("portus"), inside=True).passed
    assert passed is not None and passed["body"] == form("portus").decode()


@pytest.mark.parametrize(
    "body",
    [
        *(b"user[username]=portus%5fstack%5Fsmoke", b"user[username]=portus%2Dstack-smoke"),
        *(b"user[username]=%70ortus&user[password]=x", b"%75ser[username]=portus", b"user[user%6Eame]=portus"),
        *(b"a=b;user[username]=portus", b"user[username]=joe&user[username]=portus", b"user[username][]=portus"),
        *(b"& user[username]=portus", b"user[][username]=portus", b"account=portus&user[username]=joe"),
        *(b'{"user":{"username":"portus"}}', b"user[username]=port%00us", b"user%5bUsername%5d=x", b"_method=put"),
        *(b"user[username]=por\ntus", b"user[username]=joe%26user[username]%3D&x=y", b"\xff=\xfe"),
    ],
)
def test_portus_gets_no_other_body_for_signing_in(edge: EdgeLab, body: bytes) -> None:
    for headers in (FORM, {"Content-Type": "application/json"}, {}):
        for path in ("/users/sign_in", "/users/sign_in.json", "/users/%73ign_in/"):
            passed = edge.request("POST", path, headers, body).passed
            assert passed is not None and passed["body"] == ""
    assert edge.request("POST", "/users/sign_in?user[username]=portus", FORM, form("joe")).status == 400
    assert edge.request("POST", "/users/sign_in", FORM, b"utf8=" + b"x" * 20000).status == 413


def test_forms_are_limited_from_outside_alone(limited: EdgeLab) -> None:
    connection = limited.connection()
    answers = [ask(connection, "POST", "/users/sign_in", FORM, form("joe")) for _ in range(FORMS.burst + 30)]
    late = [answer for answer in answers if answer.status == 429]
    assert late and {answer.status for answer in answers[: FORMS.burst]} == {200}
    assert refused(late[0], 429) and late[0].headers["Retry-After"] == str(RETRY_SECONDS)
    assert limited.get("/users/sign_in").status == 200
    assert limited.request("POST", "/users/sign_in", FORM, form("joe"), inside=True).status == 200
    passed = limited.get(f"{TOKEN}?{PULL}", basic("joe")).passed
    assert passed is not None, "signing in too often is no matter to docker clients"


def test_many_nodes_behind_one_address_are_not_limited(limited: EdgeLab) -> None:
    """The figures allow for more (unit tests); so many here as do not take long."""
    connection, wanted = limited.connection(), f"{TOKEN}?{PULL}"
    assert {ask(connection, "GET", wanted, basic("joe")).status for _ in range(100)} == {200}


def test_one_host_name_has_the_same_fence(limited: EdgeLab) -> None:
    assert limited.get(f"{TOKEN}?{PULL}").passed is not None
    assert refused(limited.get(f"{TOKEN}?scope=repository:a/b:*,pull"), 400)
    assert refused(limited.get("/", basic("portus")), 403)
    catalogue = limited.get("/v2/_catalog", {"Authorization": "Bearer x.y.z"}).passed
    assert catalogue is not None and catalogue["role"] == "registry"
    for path in ("/v2/token.json", "/v2/token/"):
        passed = limited.get(f"{path}?scope=repository:a/b:*,pull").passed
        assert passed is not None and passed["role"] == "registry"
