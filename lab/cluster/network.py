"""The cluster's network: a bridge of this machine that every space is plugged into."""

from __future__ import annotations

import json
import subprocess

from lab.cluster.console import ClusterError, run
from lab.cluster.instance import CONTROL, Instance, Node
from lab.cluster.space import Space


def create_bridge(instance: Instance) -> None:
    """Make the bridge, let packets pass it, and lead the cluster's addresses to its first node; again is no harm."""
    bridge, node = instance.bridge, instance.node(1)
    if not _link_exists(bridge):
        run(["ip", "link", "add", bridge, "type", "bridge"])
    run(["ip", "address", "replace", f"{instance.machine_address}/24", "dev", bridge])
    run(["ip", "link", "set", bridge, "up"])
    for network in (instance.services_cidr, instance.load_balancer_cidr):
        run(["ip", "route", "replace", network, "via", node.address, "dev", bridge, "onlink"])
    for table, rule in _machine_rules(instance):
        if not _has_rule(table, rule):
            run(["iptables", "--wait", "--table", table, "--insert", *rule])


def remove_bridge(instance: Instance) -> None:
    """Take back what `create_bridge` did; its routes go with it."""
    for table, rule in _machine_rules(instance):
        while _has_rule(table, rule):
            run(["iptables", "--wait", "--table", table, "--delete", *rule])
    _delete_link(instance.bridge)


def _machine_rules(instance: Instance) -> list[tuple[str, list[str]]]:
    """(table, chain and rule). Docker sets FORWARD's policy to DROP, and the world knows no way to our addresses."""
    elsewhere = ["!", "--out-interface", instance.bridge]
    mark = ["--match", "comment", "--comment", f"portus-stack cluster {instance.name}"]
    return [
        ("filter", ["FORWARD", "--in-interface", instance.bridge, *mark, "--jump", "ACCEPT"]),
        ("filter", ["FORWARD", "--out-interface", instance.bridge, *mark, "--jump", "ACCEPT"]),
        ("nat", ["POSTROUTING", "--source", instance.machines_cidr, *elsewhere, *mark, "--jump", "MASQUERADE"]),
    ]


def _has_rule(table: str, rule: list[str]) -> bool:
    command = ["iptables", "--wait", "--table", table, "--check", *rule]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _link_exists(name: str) -> bool:
    return subprocess.run(["ip", "link", "show", name], capture_output=True, check=False).returncode == 0


def _delete_link(name: str) -> None:
    """Delete a link of the machine, unless it is gone or goes at this very moment (the kernel deletes plugs too)."""
    try:
        run(["ip", "link", "delete", name])
    except ClusterError:
        if _link_exists(name):
            raise


def connect(instance: Instance, space: Space, address: str) -> None:
    """Plug a space into the bridge with this address, unless it is."""
    interfaces = {link["ifname"] for link in json.loads(space.run("ip", "-json", "link"))}
    space.run("ip", "link", "set", "lo", "up")
    ours = _plug(instance, address)
    if "eth0" not in interfaces:
        disconnect(instance, address)
        peer = ["peer", "name", "eth0", "netns", str(space.first_process)]
        run(["ip", "link", "add", ours, "type", "veth", *peer])
    # Again even if it was there: somebody may have removed the bridge.
    run(["ip", "link", "set", ours, "master", instance.bridge, "up"])
    space.run("ip", "address", "replace", f"{address}/24", "dev", "eth0")
    space.run("ip", "link", "set", "eth0", "up")
    space.run("ip", "route", "replace", "default", "via", instance.machine_address)


def disconnect(instance: Instance, address: str) -> None:
    """Take the plug of a space that ended out of the bridge: the kernel itself does so only some time later."""
    _delete_link(_plug(instance, address))


def _plug(instance: Instance, address: str) -> str:
    """The machine's end of a space's wire, at most 15 letters; the last part of the address tells it from others."""
    return f"psc{instance.block}x{address.rpartition('.')[2]}"


def route(instance: Instance, nodes: list[Node]) -> None:
    """Lead every space to every node's pods, and the control plane to the Services (for webhooks)."""
    control = Space(instance, CONTROL)
    for node in nodes:
        run(["ip", "route", "replace", node.pods_cidr, "via", node.address, "dev", instance.bridge])
        control.run("ip", "route", "replace", node.pods_cidr, "via", node.address)
        for other in nodes:
            if other != node:
                Space(instance, other.name).run("ip", "route", "replace", node.pods_cidr, "via", node.address)
    control.run("ip", "route", "replace", instance.services_cidr, "via", nodes[0].address)


def prepare_node(instance: Instance, node: Node) -> None:
    """Let a node forward, and hide pods from everybody but the cluster behind the node's own address."""
    space = Space(instance, node.name)
    # Without a limit on ICMP every refused connection is told so, not only the first few of a second.
    space.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.icmp_ratelimit=0")
    rule = ["POSTROUTING", "--source", node.pods_cidr, "!", "--destination", instance.pods_cidr, "--jump", "MASQUERADE"]
    command = ["iptables", "--wait", "--table", "nat"]
    if "MASQUERADE" not in space.run(*command, "--list-rules", "POSTROUTING").split():
        space.run(*command, "--append", *rule)
