"""What a valid text looks like: (regular expression, words for the error message)."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_WORD = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_HOST = rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*"
NUMBER = "(?:[0-9]+|0x[0-9a-f]*)"
"""A last label that makes a host an IPv4 address to clients (WHATWG URL, "ends in a number"; RFC 1123, 2.1)."""

NAME = (r"[a-z][a-z0-9-]{0,30}[a-z0-9]", "2 to 32 lower-case letters, digits and dashes, beginning with a letter")
PUBLIC_HOST = (
    rf"(?=[^:]{{1,253}}(?::|$))(?:{_LABEL}\.)+(?!{NUMBER}(?::|$)){_LABEL}(?::[1-9][0-9]{{0,4}})?",
    "a lower-case host name with a dot and perhaps a port, such as portus.example.com or portus.test:8443",
)
HOST = (_HOST, "a lower-case host name or an IPv4 address, such as db.internal")
IMAGE = (
    r"[a-z0-9]+(?:[._:/-]+[a-z0-9]+)*(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    "an image reference with a tag or, better, a digest, such as registry:2.8.3@sha256:…",
)
_REGISTRY = rf"(?:localhost|(?:{_LABEL}\.)+{_LABEL}|{_LABEL}(?:\.{_LABEL})*:[1-9][0-9]{{0,4}})"
REGISTRY = (
    rf"(?=.{{1,259}}$){_REGISTRY}",
    "host[:port] of a registry, as image references name it, such as registry.example.com:5000 (without https://)",
)
# Docker takes a host without a dot and a port for a user of Docker Hub.
MIRROR = (
    rf"(?=.{{1,128}}$){_REGISTRY}(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*",
    "host[:port][/path] of a registry, such as registry.example.com/mirror (without https://, tag and / at the end)",
)
REGISTRY_USER = (
    r"[A-Za-z0-9_][A-Za-z0-9._@$+~=|/\\-]{0,255}",
    "a user name of letters, digits and . _ - @ $ + ~ = | / \\, such as robot$mirror or user@example.com",
)
REGISTRY_PASSWORD = (
    r"[\x20-\x7e]{1,8192}",
    "a password or token of at most 8192 printable ASCII characters, without line breaks",
)
USERNAME = (
    r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?",
    "lower-case letters and digits, with . _ - between them, such as admin",
)
EMAIL = (r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", "an e-mail address, such as admin@example.com")
ROTATION = (r"[A-Za-z0-9._:-]{0,64}", "up to 64 letters, digits, dots, dashes, such as 2026-11")
SCHEDULE = (
    "(?:[0-9A-Za-z*,/-]+ +){4}[0-9A-Za-z*,/-]+",
    "five fields of cron, in UTC (minute, hour, day, month, weekday), such as 17 2 * * *",
)
NEVER = "never"
SCHEDULE_OR_NEVER = (f"{SCHEDULE[0]}|{NEVER}", f"{SCHEDULE[1]}, or {NEVER}")
SQL_NAME = (r"[A-Za-z_][A-Za-z0-9_]{0,62}", "letters, digits and underscores, beginning with a letter")
DATABASE_NAME = (
    r"(?!.*[Dd][Oo][Ww][Nn])[A-Za-z_][A-Za-z0-9_]{0,62}",
    "letters, digits and underscores, without the word 'down' (Portus' init script searches its output for it)",
)
YAML_SAFE = (
    r"[A-Za-z][A-Za-z0-9_-]{7,127}",
    "8 to 128 letters, digits, underscores and dashes, beginning with a letter (Portus pastes it into YAML unquoted)",
)
BUCKET = (r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "an S3 bucket name")
REGION = (r"[a-z0-9-]{1,64}", "a region name, such as eu-central-1")
S3_KEY = (r"[\x21-\x7e]{3,256}", "an S3 key: 3 to 256 printable ASCII characters without white space")
ENDPOINT = (rf"https?://{_HOST}(?::[1-9][0-9]{{0,4}})?", "https://host[:port]")
ROOT_DIRECTORY = (r"/[A-Za-z0-9._/-]{1,255}", "a path that begins with /")
# RFC 7468: text outside of the blocks is a comment. A key would not be kept secret where certificates are asked for.
PEM_CERTIFICATE = (
    r"(?s)(?!.*PRIVATE KEY-----).*-----BEGIN CERTIFICATE-----.+-----END CERTIFICATE-----.*",
    "one or more PEM certificates, and no key beside them",
)
PEM_PRIVATE_KEY = (
    r"(?s).*-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----.+-----END (?:[A-Z]+ )?PRIVATE KEY-----.*",
    "a PEM private key",
)
HOST_ADDRESS = (
    rf"unix:///[^\s]+|ssh://(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?"
    rf"|tcp://{_LABEL}(?:\.{_LABEL})*:[0-9]{{1,5}}",
    "unix:///path, ssh://user@host[:port] or tcp://host:port",
)
SSH_OPTION = (r"[^\s\x00-\x1f][^\x00-\x1f]*", "an option for ssh, such as -oBatchMode=yes")
CIDR = (
    r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}|[0-9a-f:]{2,39}/[0-9]{1,3}",
    "a network (CIDR), such as 192.0.2.0/24",
)
DNS_LABEL = (_LABEL, "a name of up to 63 lower-case letters, digits and dashes")
OBJECT_NAME = (_HOST, "a name of a Kubernetes object: lower-case letters, digits, dashes and dots")
KIND = (r"[A-Z][A-Za-z0-9]{0,62}", "a kind of Kubernetes objects, such as ClusterIssuer")
LABEL_VALUE = (_WORD, "a Kubernetes label value: up to 63 letters, digits, dots, dashes, underscores")
LABEL_KEY = (rf"(?:(?=[^/]{{1,253}}/){_LABEL}(?:\.{_LABEL})*/)?{_WORD}", "a Kubernetes label key: [prefix/]name")
VARIABLE = (r"[A-Za-z_][A-Za-z0-9_]{0,127}", "the name of an environment variable")
PRINTABLE = (r"[^\x00-\x1f\x7f]*", "printable text")
