"""What looks like a secret: names, private keys, tokens, random text. Used to find them, never to show them."""

from __future__ import annotations

import base64
import hashlib
import math
import re

_NAME = re.compile(
    r"pass(?:words?|wd|phrases?)(?![A-Za-z])"  # PGPASSWORD, SMTPPASSWD: whatever stands before
    r"|(?:(?<![A-Za-z])|access|auth|refresh|bearer|bot|db|ftp|ldap|mail|mysql|pg|redis|root|smtp|ssh|user|admin|bind)"
    r"(?:pass|pwd|pw|secret|token)(?![A-Za-z])"
    r"|(?<![A-Za-z])(?:api_?key|access_?key|private_?key|(?:encryption|signing|master|hmac|jwt|account)_?key|credentials?|"
    r"secret_?key(?:_?base)?|client_?secret|auth|pat)(?![A-Za-z])"
    r"|connection_?string(?![A-Za-z])",
    re.IGNORECASE,
)
_HARMLESS_NAME = re.compile(
    r"(?:_FILE|_PATH|_DIR|_URL|_HOST|_PORT|_ENABLED|_TTL|_EXPIRATION\w*|_NAME|_REALM|_ISSUER|_SERVICE|_TYPE|"
    r"_LENGTH|_POLICY|_METHOD|_AUTHENTICATION|_ROOTCERTBUNDLE|_JWKS|_ALGS?)$|RANDOM_ROOT_PASSWORD|ALLOW_EMPTY|"
    r"^SSL_CERT|PUBLIC_?KEY",
    re.IGNORECASE,
)
PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----")
_JSON_WEB_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\b")
_USER_INFORMATION = re.compile(r"://[^/\s:@]*:(?P<password>[^/\s@]+)@")
_GO_ADDRESS = re.compile(r":(?P<password>[^/\s@:]+)@(?:tcp|udp|unix)\(")
"""As Go's driver for MySQL writes it."""
_CONNECTION = re.compile(
    r"(?:[?&;,\s]|^)(?:password|passwd|passphrase|pwd|pass|access_?token|auth_?token|api_?key|accountkey|sharedaccesskey|"
    r"client_?secret|secret|token)=(?P<password>[^&;,\s\"']+)",
    re.IGNORECASE,
)
"""A part of a connection string: JDBC, ODBC, libpq, ADO.NET, Azure, mount(8)."""
_TOKEN = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{15,}|xox[abeoprs]-[\w-]{10,}|hvs\.\w{20,}|"
    r"npm_[A-Za-z0-9]{20,}|dckr_pat_[\w-]{15,}|pypi-[\w-]{30,}|sk_live_\w{10,}|AIza[\w-]{30,}|SG\.[\w-]{15,}\.[\w-]{15,})"
)
"""Tokens that their issuers mark by how they begin."""
_TOKEN_MARKS = (
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xox",
    "hvs.",
    "npm_",
    "dckr_pat_",
    "pypi-",
    "sk_live_",
    "AIza",
    "SG.",
)
_LOGIN_MARKS = ("auth", "password", "token", "client-key-data")
_LOGIN = re.compile(
    r"[\"'](?:auth|password|identitytoken|registrytoken|client-key-data)[\"']\s*:\s*[\"'][A-Za-z0-9+/=._-]{6,}[\"']"
    r"|^\s*client-key-data:\s*[A-Za-z0-9+/=]{20,}",
    re.MULTILINE,
)
"""A login in Docker's own form (``.dockerconfigjson``, config.json), or in a kubeconfig."""
_HEADER = re.compile(r"\bauthorization:\s*(?:basic|bearer|token)\s+(?P<password>[^\s\"']+)", re.IGNORECASE)
_PEM_IN_BASE64 = re.compile(r"\bLS0tLS1CRUdJTi[A-Za-z0-9+/\s]{40,}={0,2}")
_ARGUMENT = re.compile(
    r"(?:^|\s)(?:--?(?:password|passwd|secret|token|api-?key)[= ](?P<value>[^\s$\"']+)"
    r"|-p(?!(?:rint|rune|arents|ath|roxy|refix|ort)\w*(?=\s|$))(?P<short>[^\s$-]{4,})(?=\s|$))",
    re.IGNORECASE,
)
_ASSIGNMENT = re.compile(
    r"^[ \t\"']*(?P<name>[A-Za-z0-9_.-]*(?:password|passwd|secret|token|access_?key|secret_?key)[A-Za-z0-9_]*)[\"']?"
    r"\s*[:=]\s*[\"']?(?P<value>[^\s\"'#{}\[\]][^\s\"'#]*)[\"']?\s*,?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_REFERENCE = re.compile(
    r"^(?:\$\{?\(?|/|\./|~/|https?://|<|%|file:|true$|false$|null$|none$|yes$|no$|\d{1,5}$|\"?\*+$)", re.IGNORECASE
)
_SWITCH = re.compile(r"^(?:/|true$|false$|yes$|no$|none$|null$|file:|https?:)", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"^(?:\$|<[^>]*>?$|%[({]|%\w?$|\{\{|\*+$|x{3,}$|\.\.\.$)", re.IGNORECASE)
"""What stands for a password inside a longer text; a percent-encoded one begins with a percent sign too."""
_RANDOM = re.compile(r"^[A-Za-z0-9+/=_-]{20,}$")
_MIXED = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])")
_HEXADECIMAL = re.compile(r"^(?=.*[a-f])(?=.*\d)[0-9a-f]{32,}$")
_HARMLESS_RANDOM = re.compile(r"^(?:sha(?:256|512)[:-])|^[a-z]+(?:[-_./:][a-z0-9]+)*$|^/|^[A-Z]+(?:_[A-Z]+)*$")
_BITS_PER_CHARACTER = 4.0

_FINGERPRINT_NAME = re.compile(
    r"(?:hash|digest|checksum|sha-?256|fingerprint|revision|commit|^org\.portus-stack\.files)$|^checksum/",
    re.IGNORECASE,
)
"""Names of what tells one content from another. The last one is PortusStack's own: the id of a container."""

KNOWN = frozenset(
    {
        # Published defaults. Sources: SUSE/Portus examples and config/secrets.yml, goharbor/harbor, tutorials.
        hashlib.sha256(word.encode()).hexdigest()
        for word in (
            *(
                "portus",
                "portus1234",
                "Harbor12345",
                "root123",
                "changeit",
                "change_me",
                "changeme",
                "not-a-secure-key",
            ),
            *("password", "admin", "secret", "root", "mysql", "mariadb", "registry", "12345678", "letmein", "example"),
        )
    }
)
_KNOWN_PREFIXES = ("8bc8ccc7",)
"""How the session key in Portus' own config/secrets.yml begins."""


def secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret itself (not a path, a switch or a length)."""
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").replace(".", "_")
    parts = re.sub(r"_VALUE$", "", parts, flags=re.IGNORECASE)
    return bool(_NAME.search(parts.replace("_", " ")) or _NAME.search(parts)) and not _HARMLESS_NAME.search(parts)


def known_default(text: str) -> bool:
    """Whether a text is a published default secret."""
    return hashlib.sha256(text.encode()).hexdigest() in KNOWN or text.startswith(_KNOWN_PREFIXES)


def reference(text: str) -> bool:
    """Whether a text points at a secret (a path, a variable, a switch) instead of being one."""
    return not text or bool(_REFERENCE.match(text))


def secret_text(text: str) -> bool:
    """Whether a text is or holds a secret by its look: a private key, a token, a password in a URL, random letters."""
    if holds_secret(text) or connection_password(text):
        return True
    if not _RANDOM.match(text) or _HARMLESS_RANDOM.search(text):
        return False
    return bool(_HEXADECIMAL.match(text)) or (bool(_MIXED.search(text)) and entropy(text) >= _BITS_PER_CHARACTER)


def fingerprint(name: str, text: str) -> bool:
    """Whether a value of this name is a digest or an id, which is as random as a secret and none."""
    return bool(_FINGERPRINT_NAME.search(name) and _HEXADECIMAL.match(text))


def holds_secret(text: str) -> bool:
    """Whether a secret stands in a text: a key, a token, a login, the password of a URL.

    Files are large, and plain words are looked for first: an expression takes ten times as long.
    """
    if "PRIVATE KEY" in text and PRIVATE_KEY.search(text):
        return True
    if "eyJ" in text and _JSON_WEB_TOKEN.search(text):
        return True
    if any(each in text for each in _TOKEN_MARKS) and _TOKEN.search(text):
        return True
    if any(each in text for each in _LOGIN_MARKS) and _LOGIN.search(text):
        return True
    return password_in_url(text) or ("LS0tLS1CRUdJTi" in text and _private_key_in_base64(text))


def password_in_url(text: str) -> bool:
    """Whether a URL in the text carries a password in the open."""
    if "@" not in text:
        return False
    found = [each["password"] for pattern in (_USER_INFORMATION, _GO_ADDRESS) for each in pattern.finditer(text)]
    return any(not _PLACEHOLDER.match(each) for each in found)


def connection_password(text: str) -> bool:
    """Whether a connection string or a header does; in the source of a program the same letters mean something else."""
    if "=" not in text and ":" not in text:
        return False
    found = [each["password"] for pattern in (_CONNECTION, _HEADER) for each in pattern.finditer(text)]
    return any(not _PLACEHOLDER.match(each) and not _SWITCH.match(each) for each in found)


def _private_key_in_base64(text: str) -> bool:
    for found in _PEM_IN_BASE64.finditer(text):
        body = re.sub(r"\s", "", found[0]).rstrip("=")
        decoded = base64.b64decode(body[: len(body) // 4 * 4]).decode("latin-1")
        if PRIVATE_KEY.search(decoded):
            return True
    return False


def secret_argument(text: str) -> bool:
    """Whether a command line carries a password."""
    found = [each["value"] or each["short"] or "" for each in _ARGUMENT.finditer(text)]
    return any(not reference(each) for each in found) or holds_secret(text) or connection_password(text)


def secret_assignment(text: str) -> bool:
    """Whether a configuration file (YAML, INI, properties) sets a secret in the open."""
    return any(
        secret_name(each["name"].replace(".", "_")) and not reference(each["value"])
        for each in _ASSIGNMENT.finditer(text)
    )


def entropy(text: str) -> float:
    """Shannon entropy, bits per character."""
    counts = [text.count(each) for each in set(text)]
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
