"""Docker containers: health, logs, images, and secrets that must not lie open."""

from __future__ import annotations

import re

from ..host_paths import SERVICE, VOLUME
from ..resource import Resource
from ..roles import CONTAINER, runs
from ..rule import ADVISORY, CRITICAL, HIGH, LOW, MANDATORY, MEDIUM, rule
from ..secret_commands import command_secrets
from ..secret_text import (
    PRIVATE_KEY,
    fingerprint,
    holds_secret,
    known_default,
    reference,
    secret_name,
    secret_text,
)
from ..values import Bad, Node, Unseen, Value, Verdicts, demand, forbid, given, is_true
from .docker_containers import ONLY, SAFE_SYSCTLS

IMAGE = "docker:index/remoteImage:RemoteImage"
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_IMAGE_ID = re.compile(r"^(?:sha256:)?[0-9a-f]{64}$")
_KEY_FILE = re.compile(r"(?:\.key|[._-]key\.pem|(?:^|/)privkey\.pem|(?:^|/)id_(?:rsa|ed25519|ecdsa))$", re.IGNORECASE)
_KEY_DIRECTORIES = re.compile(r"^/(?:secrets|run/secrets|etc/[\w.-]+|certificates|certs|ssl|tls)(?:/|$)")
_KEY_MODES = frozenset({"0400", "400", "0440", "440", "0600", "600", "0444", "444"})
_ROTATING = frozenset({"json-file", "local"})
_FORWARDING = frozenset(
    {"journald", "syslog", "gelf", "fluentd", "awslogs", "splunk", "gcplogs", "etwlogs", "logentries"}
)
_UNLIMITED = re.compile(r"^(?:-|0*[kmgb]?$)", re.IGNORECASE)
_COMMAND = ("entrypoints", "command")
_VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


def variables(container: Resource) -> list[tuple[str, Node]]:
    """Environment variables; the path tells a variable's name, never its value."""
    found = []
    for each in container.at("envs").each():
        name, equals, value = each.text.partition("=")
        readable = bool(equals) and bool(_VARIABLE.match(name))
        path = f"envs[{name}]" if readable else each.path
        found.append((name if readable else "", Node(each.value if each.unknown else value, path)))
    return found


@rule(
    *("D26", "dkr-health", "health is checked", MANDATORY, MEDIUM),
    reason="without a check nobody waits for readiness and nobody notices a hang",
    fix="`healthcheck: {tests: [CMD, …]}`, and no password among its arguments",
    source="CIS Docker 5.27, 4.6",
    types=ONLY,
)
def health(container: Resource) -> Verdicts:
    if not runs(container):
        return
    tests = container.at("healthcheck", "tests")
    yield from demand(tests, lambda value: isinstance(value, list) and bool(value) and str(value[0]).upper() != "NONE")
    yield from command_secrets(tests.each())


@rule(
    *("D27", "dkr-cgroup", "the runtime's own control group", MANDATORY, MEDIUM),
    reason="in another control group the limits do not hold",
    fix="leave `cgroup_parent` and `cgroupns_mode: host` out",
    source="CIS Docker 5.25",
    types=ONLY,
)
def control_group(container: Resource) -> Verdicts:
    yield from forbid(container.at("cgroupParent"), given)
    yield from forbid(container.at("cgroupnsMode"), lambda value: value == "host")


@rule(
    *("D28", "dkr-no-terminal", "no terminal", ADVISORY, LOW),
    reason="a terminal and an open standard input are for people, not for services",
    fix="leave `tty` and `stdin_open` out",
    source="good practice",
    types=ONLY,
)
def no_terminal(container: Resource) -> Verdicts:
    for name in ("tty", "stdinOpen"):
        yield from forbid(container.at(name), is_true)


def _local(reference_: str, resource: Resource) -> bool:
    return reference_.startswith(resource.settings.local_images) if resource.settings.local_images else False


@rule(
    *("D29", "dkr-image-digest", "images pinned by digest", MANDATORY, HIGH),
    reason="a tag can be moved to another image at any time",
    fix="`name: repository:tag@sha256:…`; `up` reports the digest that a tag resolved to",
    source="NIST SP 800-190 4.1.5",
    types=(IMAGE, CONTAINER, "docker:index/service:Service"),
)
def image_digest(resource: Resource) -> Verdicts:
    if resource.type == IMAGE:
        yield from demand(resource.at("name"), lambda value: DIGEST.search(str(value)) or _local(str(value), resource))
    elif resource.type == CONTAINER:
        yield from demand(resource.at("image"), lambda value: pinned(str(value)) or _local(str(value), resource))
    else:
        yield from demand(resource.at("taskSpec", "containerSpec", "image"), lambda value: pinned(str(value)))


def pinned(image: str) -> bool:
    """Whether an image reference names content, not a tag."""
    return bool(DIGEST.search(image) or _IMAGE_ID.match(image))


@rule(
    *("D30", "dkr-build-secrets", "no secret baked into an image", MANDATORY, CRITICAL),
    reason="build arguments stay readable in the image's history",
    fix="give the secret to the container as a file when it starts",
    source="CIS Docker 4.10",
    types=("docker:index/image:Image", "docker-build:index:Image"),
)
def build_secrets(image: Resource) -> Verdicts:
    arguments = image.at("buildArgs") if image.type.startswith("docker-build") else image.at("build", "args")
    for name, value in arguments.entries():
        yield from forbid(value, lambda found: open_secret(name, found))


def open_secret(name: str, value: Value) -> bool:
    """Whether a variable of this name holds a secret in the open."""
    text = str(value or "")
    return (
        (secret_name(name) and not reference(text))
        or (secret_text(text) and not fingerprint(name, text))
        or (known_default(text) and secret_name(name))
    )


@rule(
    *("D31", "dkr-no-open-secrets", "no secret in environment, labels, options or command", MANDATORY, CRITICAL),
    reason="`docker inspect` and /proc show them to everybody who may look at the container",
    fix="upload a file and give its path (`…_FILE`)",
    source="NIST SP 800-190 4.1.4; OWASP Docker rule 12",
    types=(CONTAINER, VOLUME, SERVICE, "docker:index/network:Network"),
)
def noopen_secrets(resource: Resource) -> Verdicts:
    holder = resource.at("taskSpec", "containerSpec") if resource.type == SERVICE else resource.root
    for name, value in variables(resource):
        yield from forbid(value, lambda found: open_secret(name, found))
    for name, value in holder.at("env").entries():
        yield from forbid(value, lambda found: open_secret(name, found))
    for label in (*resource.at("labels").each(), *holder.at("labels").each()):
        name = label.at("label").text
        yield from forbid(label.at("value"), lambda found: open_secret(name, found) and name)
    for options in (resource.at("driverOpts"), resource.at("options"), resource.at("logOpts")):
        for name, value in options.entries():
            yield from forbid(value, lambda found: open_secret(name, found))
    first, second = (holder.at(place) for place in (("command", "args") if resource.type == SERVICE else _COMMAND))
    yield from command_secrets([*first.each(), *second.each()])


@rule(
    *("D32", "dkr-upload-mode", "uploaded keys readable only", MANDATORY, HIGH),
    reason="a key that others may write, or that lies on the deploying machine's disk, is not a secret",
    fix='`permissions: "0400"`, "0444" where the reader is not root (uploads have no owner); `content`, not `source`',
    source="OWASP Docker rule 12",
    types=ONLY,
)
def upload_mode(container: Resource) -> Verdicts:
    for upload in container.at("uploads").each():
        if upload.unknown:
            yield Unseen(upload.path)
        elif _holds_key(upload):
            yield from demand(upload.at("permissions"), lambda value: value in _KEY_MODES)
            yield from forbid(upload.at("source"), given)
            yield from forbid(upload.at("executable"), is_true)


def _holds_login(upload: Node) -> bool:
    return any(holds_secret(upload.at(name).text) for name in ("content", "contentBase64"))


def _holds_key(upload: Node) -> bool:
    named = bool(_KEY_FILE.search(upload.at("file").text))
    return named or any(PRIVATE_KEY.search(upload.at(name).text) for name in ("content", "contentBase64"))


@rule(
    *("D33", "dkr-key-places", "private keys only where keys belong", MANDATORY, CRITICAL),
    reason="a key in a web root, a label or a swarm configuration is read by more than its owner",
    fix="upload it below /etc/…, /secrets or /run/secrets",
    source="NIST SP 800-190 4.1.4",
    types=(CONTAINER, "docker:index/serviceConfig:ServiceConfig"),
)
def key_places(resource: Resource) -> Verdicts:
    if resource.type != CONTAINER:
        yield from forbid(resource.at("data"), lambda value: PRIVATE_KEY.search(str(value or "")))
        return
    for upload in resource.at("uploads").each():
        if upload.unknown:
            yield Unseen(upload.path)
        elif _holds_key(upload):
            yield from demand(upload.at("file"), lambda value: _KEY_DIRECTORIES.match(str(value)))


@rule(
    *("D37", "dkr-log-rotation", "logs rotate", ADVISORY, LOW),
    reason="logs that only grow fill the host's disk",
    fix="`log_driver: json-file` with `log_opts: {max-size: 10m, max-file: 3}`",
    source="CIS Docker 2.13",
    types=ONLY,
)
def log_rotation(container: Resource) -> Verdicts:
    driver = container.at("logDriver")
    if not runs(container):
        return
    yield from demand(driver, lambda value: value in _ROTATING | _FORWARDING)
    if driver.text == "json-file":
        yield from demand(container.at("logOpts", "max-size"), lambda value: _UNLIMITED.match(str(value or "")) is None)


@rule(
    *("D41", "dkr-sysctls", "safe kernel parameters only", MANDATORY, HIGH),
    reason="other parameters reach beyond the container",
    fix="leave them out; for a low port `net.ipv4.ip_unprivileged_port_start`",
    source="PSS sysctls",
    types=ONLY,
)
def sysctls(container: Resource) -> Verdicts:
    for name, node in container.at("sysctls").entries():
        if node.unknown and name == "*":
            yield Unseen(node.path)
        elif name not in SAFE_SYSCTLS:
            yield Bad(node.path)


@rule(
    *("D43", "dkr-tmpfs-options", "memory filesystems without programs", ADVISORY, LOW),
    reason="a writable place from which programs run helps an intruder settle",
    fix="`tmpfs: {/tmp: rw,noexec,nosuid,nodev,size=64m}`",
    source="good practice",
    types=ONLY,
)
def tmpfs_options(container: Resource) -> Verdicts:
    for _, options in container.at("tmpfs").entries():
        yield from demand(
            options,
            lambda value: (
                {"noexec", "nosuid"} <= set(str(value).split(","))
                and not {"exec", "suid"} & set(str(value).split(","))
                and "size=" in str(value)
            ),
        )


@rule(
    *("S06", "stack-mark-secret", "secret content is marked secret", MANDATORY, HIGH),
    reason="what is not marked lies in plain text in state, diffs and logs",
    fix="`pulumi.Output.secret(…)`; with the level `remediate` the pack marks it by itself",
    source="Pulumi secrets",
    types=(CONTAINER, "kubernetes:core/v1:Secret"),
)
def mark_secret(resource: Resource) -> Verdicts:
    """Secrecy can be told from an exported state only (and by the remedy); elsewhere there is nothing to evaluate."""
    if resource.secrets is None:
        return
    for path, node in _must_be_secret(resource):
        if not any(path == secret or path.startswith((f"{secret}.", f"{secret}[")) for secret in resource.secrets):
            yield Bad(node.path)


def _must_be_secret(resource: Resource) -> list[tuple[str, Node]]:
    if resource.type != CONTAINER:
        places = [entry for name in ("data", "stringData") for _, entry in resource.at(name).entries()]
        return [(node.path, node) for node in places]
    uploads = [
        upload.at("content") for upload in resource.at("uploads").each() if _holds_key(upload) or _holds_login(upload)
    ]
    envs = [node for name, node in variables(resource) if open_secret(name, None if node.unknown else node.value)]
    return [(node.path, node) for node in uploads] + [("envs", node) for node in envs]
