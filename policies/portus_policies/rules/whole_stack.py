"""What holds for a program as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from ..kubernetes import WORKLOADS
from ..provider_logins import DOCKER, KUBERNETES, logins
from ..resource import COMPONENT, NAME_LABEL, Resource, Stack
from ..roles import BACKUP, CONTAINER, DATABASE, PORTUS, REGISTRY, labels, owner, role_of, runs
from ..rule import ADVISORY, CRITICAL, HIGH, LOW, MANDATORY, MEDIUM, About, rule, stack_rule
from ..secret_text import secret_name
from ..values import Bad, Node, Unseen, Verdicts, contains_unknown
from .certificates import token_keys
from .generated import BYTES, PASSWORD
from .registry_settings import HOLDERS, files

_SECURITY_PROPERTIES = frozenset(
    {
        *("*", "spec", "image", "securityContext", "capabilities", "securityOpts", "ports", "privileged", "stringData"),
        *("data", "readOnly", "user", "uploads", "envs", "networksAdvanced", "networkMode", "volumes", "healthcheck"),
        *("spec.template", "spec.template.spec", "internal", "memory"),
    }
)
_SIDE_DOORS = ("command:", "pulumi-python:dynamic", "pulumi-nodejs:dynamic", "null:")
_BACKUP_SETTINGS, _NO_DRILL = "backup.conf", "drill_pause=''"
_STATEFUL = ("docker:index/volume:Volume", "kubernetes:core/v1:PersistentVolumeClaim")


def _components(stack: Stack) -> list[Resource]:
    return [each for each in stack.resources if each.type == COMPONENT]


@stack_rule(
    *("S01", "stack-no-open-outputs", "no generated secret in plain outputs", MANDATORY, CRITICAL),
    reason="an output in plain text is printed after every update and read by other stacks",
    fix="`pulumi.Output.secret(…)`, or no output",
    source="Pulumi secrets",
)
def no_open_outputs(stack: Stack) -> Iterator[About]:
    """In an exported state, where it can be told what is secret; in the engine secret outputs look like plain ones."""
    generated = {
        str(value)
        for each in stack.of_type(PASSWORD, BYTES)
        for name in ("result", "hex", "base64")
        for value in [each.outputs.get(name)]
        if isinstance(value, str) and value
    }
    for root in stack.of_type("pulumi:pulumi:Stack"):
        if root.secrets is None:
            continue
        for text in Node(dict(root.outputs)).texts():
            if text.text in generated and not any(text.path.startswith(path) for path in root.secrets):
                yield About(root, Bad(text.path))


@stack_rule(
    *("S02", "stack-protect", "what holds data is protected", MANDATORY, HIGH),
    reason="a protected resource survives a wrong `destroy` and a renamed argument",
    fix="`data: {protect: true}` (`ephemeral` in the settings for trials)",
    source="Pulumi protect",
)
def protect(stack: Stack) -> Iterator[About]:
    if stack.settings.ephemeral:
        return
    for resource in stack.of_type(*_STATEFUL):
        data = resource.name.endswith("-data") and role_of(resource) in (DATABASE, REGISTRY, BACKUP)
        if resource.inside_component and data and not resource.options.protect:
            yield About(resource, Bad("protect"))


@stack_rule(
    *("S14", "stack-backups", "what is protected is backed up, too", ADVISORY, HIGH),
    reason="protection keeps a mistake from deleting data, and nothing else: disks fail, and hosts are lost",
    fix="`backup: {repository: {s3: …}}`, elsewhere than the data (`ephemeral` in the settings for trials)",
    source="NIST SP 800-53 CP-9",
)
def backups(stack: Stack) -> Iterator[About]:
    if stack.settings.ephemeral:
        return
    running = stack.of_type(CONTAINER, *WORKLOADS)
    kept = {owner(stack, each) for each in running if role_of(each) == BACKUP and runs(each)}
    for component in _components(stack):
        if component.urn not in kept:
            yield About(component, Bad("backup"))


@stack_rule(
    *("S15", "stack-drills", "backups are tried", ADVISORY, MEDIUM),
    reason="that a backup can be put back is known when it was done; the day of need is late for that",
    fix="`backup: {drill: {schedule: …}}`, or the default (`ephemeral` in the settings for trials)",
    source="NIST SP 800-53 CP-9(1)",
)
def drills(stack: Stack) -> Iterator[About]:
    if stack.settings.ephemeral:
        return
    for resource in stack.of_type(*HOLDERS):
        for name, content in files(resource) if role_of(resource) == BACKUP else ():
            if content.unknown and name.rpartition("/")[2] in ("", "*", _BACKUP_SETTINGS):
                yield About(resource, Unseen(content.path))
            elif name.endswith(_BACKUP_SETTINGS) and _NO_DRILL in content.text.splitlines():
                yield About(resource, Bad(content.path))


@rule(
    *("S03", "stack-explicit-providers", "providers are chosen, not found", ADVISORY, LOW),
    reason="a default provider takes whatever the deploying machine points at",
    fix="`providers=[…]` in the options; `pulumi:disable-default-providers` in the stack file",
    source="Pulumi providers",
)
def explicit_providers(resource: Resource) -> Verdicts:
    name = resource.options.provider.rpartition("::")[2]
    if resource.inside_component and name.startswith("default"):
        yield Bad("provider")


@stack_rule(
    *("S05", "stack-one-token-key", "one key signs tokens", MANDATORY, HIGH),
    reason="a registry that trusts two keys can be opened with the one that nobody watches",
    fix="one token key in a PortusStack; its certificate goes to the registry",
    source="architecture",
)
def one_token_key(stack: Stack) -> Iterator[About]:
    keys = [stack.by_urn[urn] for urn in sorted(token_keys(stack))]
    for component in _components(stack):
        own = [
            each
            for each in keys
            if each.qualified_type.startswith(f"{component.qualified_type}$") and _belongs(each, component)
        ]
        if len(own) > 1:
            yield About(component, Bad("", f"{len(own)} keys sign tokens"))


def _belongs(resource: Resource, component: Resource) -> bool:
    return resource.name.startswith(f"{component.name}-")


@rule(
    *("S07", "stack-no-side-doors", "no secrets through side doors", ADVISORY, MEDIUM),
    reason="commands and dynamic resources keep their inputs where no provider guards them",
    fix="a provider's own resource, or a file",
    source="the pack itself",
)
def no_side_doors(resource: Resource) -> Verdicts:
    if resource.type.startswith(_SIDE_DOORS):
        for name, node in resource.at("environment").entries():
            if secret_name(name):
                yield Bad(node.path)
        for name in resource.properties:
            if secret_name(name):
                yield Bad(name)


@rule(
    *("S08", "stack-ignore-changes", "changes of security settings are not ignored", MANDATORY, HIGH),
    reason="what is ignored stays as weak as somebody once made it by hand",
    fix="leave these properties out of `ignore_changes`",
    source="the pack itself",
    types=(),
)
def ignore_changes(resource: Resource) -> Verdicts:
    if resource.type.startswith(("docker:", "kubernetes:")):
        for name in resource.options.ignore_changes:
            if name in _SECURITY_PROPERTIES or name.partition("[")[0] in _SECURITY_PROPERTIES:
                yield Bad("ignoreChanges", f"{name} is ignored")


@stack_rule(
    *("S09", "stack-own-labels", "everything carries the stack's labels", MANDATORY, LOW),
    reason="what carries no label is not found when somebody cleans up or looks for a leak",
    fix=f"the label {NAME_LABEL}",
    source="docs/decisions/0004",
)
def own_labels(stack: Stack) -> Iterator[About]:
    kinds = (CONTAINER, "docker:index/network:Network", "docker:index/volume:Volume")
    for resource in stack.of_type(*kinds):
        if resource.inside_component and NAME_LABEL not in labels(resource) and not resource.at("labels").unknown:
            yield About(resource, Bad("labels"))


@stack_rule(
    *("S10", "stack-three-tiers", "Portus, registry and database are there", ADVISORY, LOW),
    reason="two of three serve nobody",
    fix="all roles, or `database: {external: …}`",
    source="architecture",
)
def three_tiers(stack: Stack) -> Iterator[About]:
    for component in _components(stack):
        below = [
            each for each in stack.of_type(CONTAINER, *WORKLOADS) if each.inside_component and _belongs(each, component)
        ]
        roles = {role_of(each) for each in below if runs(each)}
        for role in (PORTUS, REGISTRY):
            if below and role not in roles:
                yield About(component, Bad("", f"there is no {role}"))


@stack_rule(
    *("S11", "stack-exceptions", "exceptions are explicit and in date", MANDATORY, MEDIUM),
    reason="an exception that nobody renews is a hole that nobody remembers",
    fix="policies/exceptions.yaml: rules, resources, reason, owner, expires",
    source="the pack itself",
)
def exceptions(stack: Stack) -> Iterator[About]:
    for problem in stack.exception_problems:
        yield About(None, Bad("exceptions.yaml", problem))


@stack_rule(
    *("S12", "stack-nothing-unknown", "at `up` everything is known", MANDATORY, MEDIUM),
    reason="a value that is unknown when it is used was evaluated by no rule",
    fix="nothing to write: please report it",
    source="the pack itself",
)
def nothing_unknown(stack: Stack) -> Iterator[About]:
    if stack.preview:
        return
    for resource in stack.resources:
        unseen = [name for name, value in resource.properties.items() if contains_unknown(value)]
        if unseen and resource.secrets is None:
            yield About(resource, Bad(", ".join(unseen)))


@rule(
    *("S13", "stack-provider-login", "what a provider signs in with is marked secret", MANDATORY, CRITICAL),
    reason="a kubeconfig, a daemon's key or a registry's password in the open lets in whoever reads the state",
    fix="`config.require_secret(…)` with `secure:` in the stack file, or the path of a file",
    source="Pulumi secrets",
    types=(DOCKER, KUBERNETES),
)
def provider_login(provider: Resource) -> Verdicts:
    """Secrecy can be told from an exported state only; elsewhere there is nothing to evaluate."""
    for node in logins(provider) if provider.secrets is not None else ():
        marked = (
            node.path == path or node.path.startswith((f"{path}.", f"{path}[")) for path in provider.secrets or ()
        )
        if not any(marked):
            yield Bad(node.path)
