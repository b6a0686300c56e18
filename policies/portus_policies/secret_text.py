"""What looks like a secret: names, private keys, tokens, random text. Used to find them, never to show them."""

from __future__ import annotations

import hashlib
import math
import re

_NAME = re.compile(
    r"(?<![A-Za-z])(?:pass(?:word|wd|phrase)?|secret|token|api_?key|access_?key|private_?key|credentials?|"
    r"secret_?key(?:_?base)?|client_?secret|auth)(?![A-Za-z])",
    re.IGNORECASE,
)
_HARMLESS_NAME = re.compile(
    r"(?:_FILE|_PATH|_DIR|_URL|_HOST|_PORT|_ENABLED|_TTL|_EXPIRATION\w*|_VALUE|_NAME|_REALM|_ISSUER|_SERVICE|_TYPE|"
    r"_LENGTH|_POLICY|_METHOD|_AUTHENTICATION|_ROOTCERTBUNDLE|_JWKS|_ALGS?)$|RANDOM_ROOT_PASSWORD|ALLOW_EMPTY|"
    r"^SSL_CERT|PUBLIC",
    re.IGNORECASE,
)
PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----")
_JSON_WEB_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\b")
_USER_INFORMATION = re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@]+:(?P<password>[^/\s@]+)@", re.IGNORECASE)
_ARGUMENT = re.compile(
    r"(?:^|\s)(?:--?(?:password|passwd|secret|token|api-?key)[= ](?P<value>[^\s$\"']+)"
    r"|-p(?P<short>[^\s$-]{4,})(?=\s|$))",
    re.IGNORECASE,
)
_ASSIGNMENT = re.compile(
    r"^[ \t\"']*(?P<name>[A-Za-z0-9_.-]*(?:password|passwd|secret|token|access_?key|secret_?key)[A-Za-z0-9_]*)[\"']?"
    r"\s*[:=]\s*[\"']?(?P<value>[^\s\"'#{}\[\]][^\s\"'#]*)[\"']?\s*,?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_REFERENCE = re.compile(
    r"^(?:\$\{?\(?|/|\./|~/|https?://|<|%|file:|true$|false$|null$|none$|\d+$|\"?\*+$)", re.IGNORECASE
)
_RANDOM = re.compile(r"^[A-Za-z0-9+/=_-]{20,}$")
_MIXED = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])")
_HEXADECIMAL = re.compile(r"^(?=.*[a-f])(?=.*\d)[0-9a-f]{32,}$")
_HARMLESS_RANDOM = re.compile(r"^(?:sha(?:256|512)[:-])|^[a-z]+(?:[-_./:][a-z0-9]+)*$|^/|^[A-Z]+(?:_[A-Z]+)*$")
_BITS_PER_CHARACTER = 4.0

_FINGERPRINT_NAME = re.compile(
    r"(?:hash|digest|checksum|sha-?256|fingerprint|revision|commit|^org\.portus-stack\.files)$", re.IGNORECASE
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
    return bool(_NAME.search(parts.replace("_", " ")) or _NAME.search(parts)) and not _HARMLESS_NAME.search(parts)


def known_default(text: str) -> bool:
    """Whether a text is a published default secret."""
    return hashlib.sha256(text.encode()).hexdigest() in KNOWN or text.startswith(_KNOWN_PREFIXES)


def reference(text: str) -> bool:
    """Whether a text points at a secret (a path, a variable, a switch) instead of being one."""
    return not text or bool(_REFERENCE.match(text))


def secret_text(text: str) -> bool:
    """Whether a text is or holds a secret by its look: a private key, a token, a password in a URL, random letters."""
    if PRIVATE_KEY.search(text) or _JSON_WEB_TOKEN.search(text) or password_in_url(text):
        return True
    if not _RANDOM.match(text) or _HARMLESS_RANDOM.search(text):
        return False
    return bool(_HEXADECIMAL.match(text)) or (bool(_MIXED.search(text)) and entropy(text) >= _BITS_PER_CHARACTER)


def fingerprint(name: str, text: str) -> bool:
    """Whether a value of this name is a digest or an id, which is as random as a secret and none."""
    return bool(_FINGERPRINT_NAME.search(name) and _HEXADECIMAL.match(text))


def password_in_url(text: str) -> bool:
    """Whether a URL in the text carries a password in the open."""
    return any(not reference(found["password"]) for found in _USER_INFORMATION.finditer(text))


def secret_argument(text: str) -> bool:
    """Whether a command line carries a password."""
    found = [each["value"] or each["short"] or "" for each in _ARGUMENT.finditer(text)]
    return any(not reference(each) for each in found) or password_in_url(text) or bool(PRIVATE_KEY.search(text))


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
