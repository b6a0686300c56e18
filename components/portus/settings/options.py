"""Reads ``portus.settings``: Portus' own options in the shape of its ``config.yml``."""

import re
from collections.abc import Iterator, Mapping

import pulumi

from ..contract.option_values import IMAGE_CA_BUNDLE
from ..contract.options import CALLS_OUT, FEATURES_CALLING_OUT, OPTIONS, OWNED, SAFE_DEFAULTS, Option
from ..images import tag_of
from .option_values import value_problem
from .reader import Reader, nearest

_DEEPEST = 6
_NEWEST_MINOR = 5

_SHAPES_THE_GRAPH = {
    *CALLS_OUT,
    *(port for port, _ in CALLS_OUT.values()),
    *FEATURES_CALLING_OUT,
    *FEATURES_CALLING_OUT.values(),
}
"""Options from which links follow."""

Plain = bool | int | str
Value = pulumi.Input[Plain]


def read_options(portus: Reader, key: str, image: str) -> Mapping[str, Value]:
    """Dotted path → value, PortusStack's own defaults included.

    A default that the image's release does not know is left out, an option that it does not know is refused.
    """
    minor = _minor_release(image)
    options: dict[str, Value] = {
        path: default for path, default in SAFE_DEFAULTS.items() if _known_to(OPTIONS[path], minor)
    }
    for path, value in _leaves(portus.mapping(key)):
        reason = _problem(path, value, minor)
        if reason:
            portus.problem(f"{key}.{path}", reason)
        else:
            options[path] = _kept(OPTIONS[path], f"{portus.at(key)}.{path}", value, minor)
    _check_together(portus, key, options, minor)
    return dict(sorted(options.items()))


def _minor_release(image: str) -> int:
    """The x of Portus 2.x; what a tag does not say is taken for the newest."""
    match = re.match(r"^2\.(\d+)", tag_of(image) or "")
    return int(match[1]) if match else _NEWEST_MINOR


def _known_to(option: Option, minor: int) -> bool:
    return option.since <= max(minor, 1) <= (option.until or _NEWEST_MINOR + minor)


def _leaves(group: Mapping[str, object], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    for key, value in group.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and depth < _DEEPEST:
            yield from _leaves({str(inner): item for inner, item in value.items()}, f"{path}.", depth + 1)
        else:
            yield path, value


def _problem(path: str, value: object, minor: int) -> str:
    if path in OWNED:
        return f"is set by PortusStack: {OWNED[path]}"
    option = OPTIONS.get(path)
    if option is None:
        return f"is not an option of Portus{nearest(path, tuple(OPTIONS))}"
    if not _known_to(option, minor):
        return f"is not known to Portus 2.{minor}, which would ignore it"
    if isinstance(value, pulumi.Output):
        return "must be a plain value: it decides what Portus may connect to" if path in _SHAPES_THE_GRAPH else ""
    return value_problem(option, value, minor)


def _kept(option: Option, place: str, value: object, minor: int) -> Value:
    """The value to hand on; one that is not known yet is judged when it is."""

    def judged(known: object) -> Plain:
        if reason := value_problem(option, known, minor):
            raise ValueError(f"{place} {reason}")
        return _plain(known)

    kept: Value = value.apply(judged) if isinstance(value, pulumi.Output) else _plain(value)
    return pulumi.Output.secret(kept) if option.secret else kept


def _plain(value: object) -> Plain:
    if isinstance(value, float):
        return int(value)
    if isinstance(value, bool | int | str):
        return value
    raise TypeError(f"an option of type {type(value).__name__} was admitted")


def _check_together(portus: Reader, key: str, options: dict[str, Value], minor: int) -> None:
    def on(path: str) -> bool:
        return options.get(path) is True

    def need(path: str, why: str) -> None:
        if path not in options:
            portus.problem(f"{key}.{path}", f"is required: {why}")

    if on("email.smtp.enabled"):
        need("email.smtp.address", "email.smtp is enabled")
        need("email.smtp.port", "Portus' own default is the text '587,' (SUSE/Portus#1922)")
    if on("ldap.enabled"):
        need("ldap.hostname", "ldap is enabled")
        need("ldap.port", "ldap is enabled")
    if on("delete.garbage_collector.enabled") and minor < _NEWEST_MINOR:
        if options.get("delete.garbage_collector.tag") == "":
            del options["delete.garbage_collector.tag"]
        need("delete.garbage_collector.tag", "without it this release removes whole repositories (SUSE/Portus#2241)")
    # Verified against no CA at all otherwise: Portus hands its own default, the empty path, on.
    verified = options.get("email.smtp.openssl_verify_mode", "none") != "none"
    if verified and not any(options.get(path) for path in ("email.smtp.ca_file", "email.smtp.ca_path")):
        options["email.smtp.ca_file"] = IMAGE_CA_BUNDLE
