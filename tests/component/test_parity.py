"""The same arguments give the same PortusStack on both targets: roles, configuration, who holds which secret, links."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable
from itertools import combinations
from typing import Any, cast

import pytest

from components.portus.naming import ROLE_LABEL
from tests.component.deployments import NAME
from tests.component.recorder import (
    CONFIG_MAP,
    CONTAINER,
    DEPLOYMENT,
    JOB,
    MARK,
    POLICY,
    SECRET,
    STATEFUL_SET,
    Recording,
)

Deployed = Callable[..., Recording]
Object = dict[str, Any]
VARIANTS = (
    *("default", "generation 1", "external database", "bucket", "registry 3"),
    *("one host name", "secret options", "no smoke check"),
)
"""Those that both targets have under the same name."""
each_variant = pytest.mark.parametrize("variant", VARIANTS)


def digest(text: object) -> str:
    return hashlib.sha256(str(text).encode()).hexdigest()[:12]


def docker_files(recording: Recording) -> dict[str, dict[str, str]]:
    """Role → path → digest of the content."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for one in recording.of_type(CONTAINER):
        for upload in cast(list[Object], one.values.get("uploads") or []):
            found[one.labels[ROLE_LABEL]][upload["file"]] = digest(upload["content"])
    return dict(found)


def pod(recording: Recording, role: str) -> Object:
    found = [one for kind in (DEPLOYMENT, STATEFUL_SET, JOB) for one in recording.of_type(kind)]
    (values,) = [cast(Object, one.values) for one in found if one.labels[ROLE_LABEL] == role]
    specification: Object = values["spec"]["template"]["spec"]
    return specification


def kubernetes_files(recording: Recording) -> dict[str, dict[str, str]]:
    """The same, followed through the pods' volumes and mounts to the Secrets and ConfigMaps."""
    content: dict[str, dict[str, str]] = defaultdict(dict)
    for one in (*recording.of_type(SECRET), *recording.of_type(CONFIG_MAP)):
        values = cast(dict[str, str], one.values.get("stringData") or one.values["data"])
        content[one.labels[ROLE_LABEL]] |= values
    found: dict[str, dict[str, str]] = {}
    for role in content:
        specification = pod(recording, role)
        (volume,) = [one for one in specification["volumes"] if one["name"] == "files"]
        places = {
            item["path"]: content[role][item["key"]]
            for source in volume["projected"]["sources"]
            for item in next(iter(source.values()))["items"]
        }
        mounts = [one for one in specification["containers"][0]["volumeMounts"] if one["name"] == "files"]
        elsewhere = {one["subPath"]: one["mountPath"] for one in mounts if "subPath" in one}
        (directory,) = [one["mountPath"] for one in mounts if "subPath" not in one]
        found[role] = {elsewhere.get(place, f"{directory}/{place}"): digest(text) for place, text in places.items()}
    return found


@each_variant
def test_same_roles_and_tasks(variant: str, deployed: Deployed, on_kubernetes: Deployed) -> None:
    docker = {one.labels[ROLE_LABEL] for one in deployed(variant).containers.values()}
    cluster = {
        one.labels[ROLE_LABEL]
        for kind in (DEPLOYMENT, STATEFUL_SET, JOB)
        for one in on_kubernetes(variant).of_type(kind)
    }
    assert docker == cluster


@each_variant
def test_same_configuration(variant: str, deployed: Deployed, on_kubernetes: Deployed) -> None:
    docker, cluster = docker_files(deployed(variant)), kubernetes_files(on_kubernetes(variant))
    # Plain HTTP is exposed by default on Docker only, which the edge and the smoke check read from their files.
    varying = {("edge", "/etc/portus-stack/nginx.conf"), ("smoke_check", "/etc/portus-stack/settings.json")}
    for role, files in docker.items():
        assert set(files) == set(cluster[role]), role
        for path, content in files.items():
            assert cluster[role][path] == content or (role, path) in varying, f"{role}: {path}"
    assert set(docker) == set(cluster)


@each_variant
def test_same_images_commands_and_environment(variant: str, deployed: Deployed, on_kubernetes: Deployed) -> None:
    for container in deployed(variant).containers.values():
        there = pod(on_kubernetes(variant), container.labels[ROLE_LABEL])["containers"][0]
        variables = sorted(f"{one['name']}={one['value']}" for one in there.get("env", []))
        assert variables == sorted(cast(list[str], container.values.get("envs") or []))
        assert there.get("command", []) == (container.values.get("entrypoints") or [])
        command = cast(list[str], container.values.get("command") or [])
        assert there.get("args", [])[: len(command)] == command


@each_variant
def test_same_holders_of_secrets(variant: str, deployed: Deployed, on_kubernetes: Deployed) -> None:
    def holders(recording: Recording, kinds: tuple[str, ...]) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for one in (one for kind in kinds for one in recording.of_type(kind)):
            found[one.labels[ROLE_LABEL]] += json.dumps(one.values).count(MARK)
        return {role: count for role, count in found.items() if count}

    docker = holders(deployed(variant), (CONTAINER,))
    assert docker == holders(on_kubernetes(variant), (SECRET,))
    for one in on_kubernetes(variant):
        if one.type.startswith("kubernetes:") and one.type != SECRET:
            assert MARK not in json.dumps(one.values), one.urn


@each_variant
def test_same_links(variant: str, deployed: Deployed, on_kubernetes: Deployed) -> None:
    """What a pair of policies allows has a Docker network with both on it; few others share one."""
    members: dict[str, set[str]] = defaultdict(set)
    for role, container in ((one.labels[ROLE_LABEL], one) for one in deployed(variant).containers.values()):
        for attachment in cast(list[Object], container.values["networksAdvanced"]):
            members[attachment["name"]].add(role)
    shared = {frozenset(pair) for network in members.values() for pair in combinations(network, 2)}
    allowed: dict[str, set[tuple[str, str]]] = {"from": set(), "to": set()}
    for one in on_kubernetes(variant).of_type(POLICY):
        role, specification = one.labels[ROLE_LABEL], cast(Object, one.values["spec"])
        assert specification["policyTypes"] == ["Ingress", "Egress"]
        for rules, key in (("ingress", "from"), ("egress", "to")):
            for rule in specification.get(rules) or []:
                for peer in rule.get(key) or []:
                    assert peer["podSelector"]["matchLabels"]["org.portus-stack.name"] == NAME
                    other = peer["podSelector"]["matchLabels"][ROLE_LABEL]
                    allowed[key].add((other, role) if key == "from" else (role, other))
    assert allowed["from"] == allowed["to"], "each link is open at both ends"
    linked = {frozenset(pair) for pair in allowed["to"]}
    assert linked <= shared
    assert {pair for pair in shared if "database" in pair} == {pair for pair in linked if "database" in pair}
    assert shared - linked <= {frozenset({"background", "portus"})}


def test_what_leaves_nothing_has_no_way_out(on_kubernetes: Deployed) -> None:
    policies = {one.labels[ROLE_LABEL]: cast(Object, one.values["spec"]) for one in on_kubernetes().of_type(POLICY)}
    assert not policies["database"].get("egress")
    for role, policy in policies.items():
        for rule in policy.get("egress") or []:
            assert rule.get("to"), f"{role} may leave the cluster"
        open_to_all = [rule for rule in policy.get("ingress") or [] if not rule.get("from")]
        assert bool(open_to_all) == (role == "edge")


@pytest.mark.parametrize(
    ("variant", "role", "port"), [("external database", "portus", 3307), ("bucket", "registry", 9000)]
)
def test_link_to_the_outside_opens_its_port_and_name_servers(
    variant: str, role: str, port: int, on_kubernetes: Deployed
) -> None:
    (policy,) = [one for one in on_kubernetes(variant).of_type(POLICY) if one.labels[ROLE_LABEL] == role]
    leaving = [rule["ports"] for rule in cast(Object, policy.values["spec"])["egress"] if not rule.get("to")]
    assert sorted(one["port"] for ports in leaving for one in ports) == [53, 53, port]
