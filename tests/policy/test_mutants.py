"""Mutants that no rule was written for: every property is made worse in turn, by its kind; the share caught counts.

The operators know kinds of properties (a limit, a mode, a probe, an address), not rules.
"""

import copy
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from portus_policies.known_holes import SECURITY

from tests.policy.graphs import Entry, Graph, Inputs, plain
from tests.policy.pack import Pack
from tests.policy.summary import tell

LEAST = 0.97
Edit = Callable[[Any], object]
Operator = tuple[str, str, Edit]
_DELETE = object()
_ALL_CALLS = '{"defaultAction": "SCMP_ACT_ALLOW"}'
_TOKEN_VOLUME = {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}
_PATCHES = "|".join(SECURITY)

DOCKER: tuple[Operator, ...] = (
    ("drop a security option", r"^securityOpts$", lambda value: _DELETE),
    ("an option that takes it back", r"^securityOpts$", lambda value: [*value, "no-new-privileges:false"]),
    ("a filter that lets all through", r"^securityOpts$", lambda value: [*value, f"seccomp={_ALL_CALLS}"]),
    ("another SELinux type", r"^securityOpts$", lambda value: [*value, "label=type:spc_t"]),
    ("root with another group", r"^user$", lambda value: "0:1000"),
    ("a group of the host", r"^user$", lambda value: f"{str(value).partition(':')[0]}:0"),
    (
        "host's root by another path",
        r"^volumes$",
        lambda value: [*value, {"hostPath": "/srv/..", "containerPath": "/h"}],
    ),
    ("host's directories above", r"^volumes$", lambda value: [*value, {"hostPath": "/var", "containerPath": "/h"}]),
    ("a capability beside", r"^capabilities$", lambda value: {**value, "adds": [*value.get("adds", []), "sys_admin"]}),
    ("a URL with a password", r"^envs$", lambda value: [*value, "CACHE=redis://:hunter2@cache"]),
    ("drop the capability drops", r"^capabilities\.drops$", lambda value: _DELETE),
    ("add a capability", r"^capabilities\.drops$", lambda value: [*value[:-1], "NET_RAW"]),
    ("drop the memory limit", r"^memory$", lambda value: _DELETE),
    ("no memory limit", r"^memory$", lambda value: 0),
    ("drop the CPU limit", r"^cpus$", lambda value: _DELETE),
    ("drop ulimits", r"^ulimits$", lambda value: _DELETE),
    ("drop one ulimit", r"^ulimits$", lambda value: value[:1]),
    ("drop the probe", r"^healthcheck$", lambda value: _DELETE),
    ("disable the probe", r"^healthcheck\.tests$", lambda value: ["NONE"]),
    ("writable root", r"^readOnly$", lambda value: False if value is True else None),
    ("root inside", r"^user$", lambda value: "0"),
    ("no user", r"^user$", lambda value: _DELETE),
    ("log driver none", r"^logDriver$", lambda value: "none"),
    ("logs without limit", r"^logOpts$", lambda value: {}),
    ("programs in tmpfs", r"^tmpfs\.", lambda value: str(value).replace("noexec,", "")),
    ("network of two opened", r"^internal$", lambda value: False if value is True else None),
    ("host network", r"^networkMode$|^networksAdvanced$", lambda value: [{"name": "host"}]),
    ("plain for a secret: file to value", r"^envs\[.*_FILE\]$", lambda value: "correct-horse-battery"),
    ("tag for a digest", r"^name@image$", lambda value: str(value).partition("@")[0] if "@" in str(value) else None),
    ("port on every address", r"^ports\[\d+\]$", lambda value: {**value, "external": 9999, "ip": "0.0.0.0"}),
    (
        "another port published",
        r"^ports$",
        lambda value: [*value, {"internal": 5001, "external": 5001, "ip": "0.0.0.0"}],
    ),
    ("shorter key", r"^rsaBits$", lambda value: 2048),
    ("weaker curve", r"^ecdsaCurve$", lambda value: "P224"),
    ("shorter password", r"^length$", lambda value: 12),
    ("digits only", r"^upper$|^lower$", lambda value: None),
    ("certificate for ever", r"^validityPeriodHours$", lambda value: 400000),
    ("no renewal", r"^earlyRenewalHours$", lambda value: 0),
    ("any use", r"^allowedUses$", lambda value: [*value, "any_extended"]),
    ("no names", r"^dnsNames$", lambda value: []),
    ("private key world-writable", r"^uploads\[.*\.key\]\.permissions$", lambda value: "0666"),
    ("no labels", r"^labels$", lambda value: _DELETE),
    ("no patch", rf"^uploads\[.*/portus_stack_({_PATCHES})\.rb\]$", lambda value: _DELETE),
)
KUBERNETES: tuple[Operator, ...] = (
    ("drop a security context", r"securityContext$", lambda value: _DELETE),
    (
        "drop a security field",
        r"(allowPrivilegeEscalation|readOnlyRootFilesystem|runAsNonRoot|seccompProfile)$",
        lambda value: _DELETE,
    ),
    ("drop capabilities", r"capabilities$", lambda value: _DELETE),
    (
        "turn a switch",
        r"(allowPrivilegeEscalation|automountServiceAccountToken|enableServiceLinks)$",
        lambda value: True,
    ),
    ("turn a guard off", r"(readOnlyRootFilesystem|runAsNonRoot)$", lambda value: False),
    ("drop a probe", r"(liveness|readiness)Probe$", lambda value: _DELETE),
    ("drop limits", r"resources\.(limits|requests)$", lambda value: _DELETE),
    ("drop resources", r"containers\[\d+\]\.resources$", lambda value: _DELETE),
    ("tag for a digest", r"image$", lambda value: str(value).partition("@")[0]),
    ("default account", r"serviceAccountName$", lambda value: "default"),
    ("default namespace", r"^metadata\.namespace$", lambda value: "default"),
    ("secret for everybody", r"defaultMode$", lambda value: 420),
    (
        "no patch",
        r"volumeMounts\[\d+\]$",
        lambda value: _DELETE if re.search(rf"_({_PATCHES})\.rb$", value["mountPath"]) else None,
    ),
    ("writable secret mount", r"volumeMounts\[\d+\]\.readOnly$", lambda value: False),
    ("no scratch limit", r"emptyDir\.sizeLimit$", lambda value: _DELETE),
    ("node's directory", r"volumes\[\d+\]$", lambda value: {"name": value["name"], "hostPath": {"path": "/srv"}}),
    ("wide network: no peers", r"ingress\[\d+\]\.from$|egress\[\d+\]\.to$", lambda value: []),
    ("wide network: everywhere", r"ingress\[\d+\]\.from$", lambda value: [{"ipBlock": {"cidr": "0.0.0.0/0"}}]),
    (
        "wide network: two halves",
        r"ingress\[\d+\]\.from$",
        lambda value: [{"ipBlock": {"cidr": each}} for each in ("0.0.0.0/1", "128.0.0.0/1")],
    ),
    ("wide network: every namespace", r"ingress\[\d+\]\.from$", lambda value: [{"namespaceSelector": {}}]),
    ("wide network: every port", r"(in|e)gress\[\d+\]\.ports\[\d+\]$", lambda value: {**value, "endPort": 65535}),
    ("a token by another way", r"spec\.volumes$", lambda value: [*value, _TOKEN_VOLUME]),
    (
        "a password in an annotation",
        r"^metadata$",
        lambda value: {**value, "annotations": {"x/db-password": "hunter2"}},
    ),
    ("expose", r"^spec\.type$", lambda value: "NodePort"),
    ("external addresses", r"^spec\.type$", lambda value: "ExternalName"),
    ("no TLS", r"^spec\.tls$", lambda value: []),
    ("wildcard host", r"^spec\.rules\[\d+\]\.host$", lambda value: "*.corp.net"),
    ("claims go with the set", r"persistentVolumeClaimRetentionPolicy\.\w+$", lambda value: "Delete"),
    ("no size", r"resources\.requests\.storage$", lambda value: _DELETE),
    ("replicas of the database", r"^spec\.replicas@database$", lambda value: 3),
    ("namespace without enforcement", r"pod-security\.kubernetes\.io/enforce$", lambda value: "privileged"),
    ("root with write access", r"fsGroup$|runAsGroup$", lambda value: 0),
    ("root", r"runAsUser$", lambda value: 0),
    ("password in the configuration", r"^data\.config\.yml$", lambda value: f"db_password: hunter2hunter2\n{value}"),
)


def places(value: Any, path: str = "") -> Iterator[tuple[str, Any, tuple[Any, str | int]]]:
    """Every place below: path, value, and what holds it. Uploads are named by file, variables by name."""
    if isinstance(value, dict):
        for key in list(value):
            below = f"{path}.{key}" if path else key
            yield below, value[key], (value, key)
            yield from places(value[key], below)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            name = str(index)
            if path == "uploads" and isinstance(each, dict):
                name = each.get("file", name)
            if path == "envs":
                name = str(each).partition("=")[0]
            below = f"{path}[{name}]"
            yield below, each, (value, index)
            yield from places(each, below)


def mutants(one: Entry, operators: tuple[Operator, ...]) -> Iterator[tuple[str, Entry]]:
    """Each operator at each place where it applies."""
    paths = [path for path, _, _ in places(plain(one.inputs))]
    special = {
        "docker:index/remoteImage:RemoteImage": "name@image",
        "kubernetes:apps/v1:StatefulSet": "spec.replicas@database",
    }
    for title, pattern, edit in operators:
        for path in paths:
            known = [path]
            if path == special.get(one.type, "").partition("@")[0]:
                known.append(special[one.type])
            if not any(re.search(pattern, each) for each in known):
                continue
            inputs = copy.deepcopy(plain(one.inputs))
            (place,) = [where for name, _, where in places(inputs) if name == path]
            if _edited(place, path, edit):
                yield f"{one.name}: {title} at {path}", replace(one, inputs=inputs)


def _edited(place: tuple[Any, Any], path: str, edit: Edit) -> bool:
    holder, key = place
    before = holder[key]
    after = edit(before)
    if after is None or after == before:
        return False
    if path.startswith("envs["):
        holder[key] = f"{before.partition('=')[0].removesuffix('_FILE')}={after}"
    elif after is _DELETE:
        del holder[key]
    else:
        holder[key] = after
    return True


def harmless(one: Entry, title: str) -> bool:
    """Mutants that make nothing worse.

    Containers that never run have no limits to lose, jobs no probes; the edge is for everybody, in whatever way it is
    exposed; what is false already cannot be dropped; the record of the topology says what is elsewhere.
    """
    inputs: Inputs = plain(one.inputs)
    carrier = one.type.endswith(":Container") and inputs.get("start") is False
    task = one.type.startswith("kubernetes:batch/") and "Probe" in title
    network = one.type.endswith("network:Network") and "no labels" not in title and "outside" in one.name
    edge = one.name.startswith("hub-edge") and (
        ("wide network" in title and ".ingress" in title) or (": expose" in title and one.type.endswith(":Service"))
    )
    writable = "readOnlyRootFilesystem" in title and '"readOnlyRootFilesystem": false' in json.dumps(inputs)
    replicas = "replicas of the database" in title and "database" not in one.name
    record = one.type == "portus:internal:Topology"
    carried = carrier and ".permissions" not in title and "no labels" not in title
    return carried or task or network or edge or writable or replicas or record


@pytest.mark.parametrize(
    ("base", "operators"),
    [("docker", DOCKER), ("kubernetes", KUBERNETES), ("component on kubernetes", (*DOCKER, *KUBERNETES))],
    ids=["docker", "kubernetes", "component on kubernetes"],
)
def test_nearly_every_mutant_is_caught(
    base: str,
    operators: tuple[Operator, ...],
    packs: Callable[[bool], Pack],
    graph: Callable[[str, bool], Graph],
    pytestconfig: pytest.Config,
) -> None:
    pack, known = packs(False), graph(base, False)
    pack.judge(known)
    count: Counter[bool] = Counter()
    survivors: list[str] = []
    for one in known:
        for title, mutant in mutants(one, operators):
            if harmless(one, title):
                continue
            told = pack.analyze(mutant) or [
                each
                for each in pack.analyze_stack(tuple(mutant if each is one else each for each in known))
                if each.policy != "notes"
            ]
            count[bool(told)] += 1
            if not told:
                survivors.append(title)
        pack.analyze(one)
    share = count[True] / count.total()
    tell(pytestconfig, f"{base}: {count[True]} of {count.total()} mutants caught, {share:.1%}")
    tell(pytestconfig, *(f"  survived: {each}" for each in survivors))
    assert count.total() > 100
    assert share >= LEAST, survivors
