"""`python -m lab.cluster`: start, stop and disturb test clusters."""

from __future__ import annotations

import argparse
import os
import sys

from lab.cluster import cluster, instance
from lab.cluster.console import ClusterError, say
from lab.cluster.instance import CONTROL, DEFAULT_NAME
from lab.cluster.programs import CERT_MANAGER, PARTS, build_missing

_MOST_NODES = 9


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 it failed, 2 a wrong argument."""
    chosen = _parser().parse_args(arguments)
    try:
        _do(chosen)
    except ClusterError as error:
        say(f"error: {error}")
        return 1
    return 0


def _do(chosen: argparse.Namespace) -> None:
    if chosen.command == "up":
        made = cluster.up(chosen.name, chosen.nodes, chosen.image)
        print(f"export KUBECONFIG={made.kubeconfig}")
    elif chosen.command == "down":
        say(f"{chosen.name} is gone" if cluster.down(chosen.name) else f"there is no cluster {chosen.name}")
    elif chosen.command == "build":
        build_missing((*PARTS, CERT_MANAGER) if chosen.cert_manager else PARTS)
    elif chosen.command == "load":
        cluster.load(chosen.name, chosen.images)
    elif chosen.command == "stop-node":
        cluster.stop_node(chosen.name, chosen.number)
    else:
        cluster.restart(chosen.name, chosen.space, chosen.process)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab/cluster/cluster",
        description="A Kubernetes for tests on this machine, in Linux namespaces of its own. Needs root and Docker.",
        epilog="Environment: CLUSTER and NODES, defaults of --name and --nodes; GO, the go command (default: the one on"
        " PATH); PORTUS_STACK_TOOLS, the tool folder; PORTUS_STACK_CLUSTERS, where clusters keep their state (default:"
        " portus-stack-clusters in the user's state folder).",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start the cluster, or what is missing of it; prints `export KUBECONFIG=…`")
    down = commands.add_parser("down", help="end the cluster and remove everything of it")
    build = commands.add_parser("build", help="build the programs that are missing; up does it by itself")
    load = commands.add_parser("load", help="copy images from Docker to every node")
    stop = commands.add_parser("stop-node", help="take a node away as a power cut does; up brings it back")
    restart = commands.add_parser("restart", help="end one process and start it again")
    build.add_argument("--cert-manager", action="store_true", help="those of cert-manager too, which tests ask for")
    nodes = os.environ.get("NODES") or "1"
    up.add_argument("--nodes", type=_count, default=nodes, metavar="N", help=f"number of nodes, 1 to {_MOST_NODES}")
    up.add_argument("--image", action="append", default=[], help="image of Docker to load beside the lab's; repeatable")
    load.add_argument("images", nargs="+", metavar="IMAGE", help="as Docker knows it")
    stop.add_argument("number", type=_count, metavar="N", help="the node's number")
    restart.add_argument("space", help=f"node-N or {CONTROL}")
    restart.add_argument(
        "process", help="for example kubelet, containerd, kube-proxy, kube-apiserver, etcd, controllers"
    )
    for command in (up, down, stop, restart):
        name = os.environ.get("CLUSTER") or DEFAULT_NAME
        command.add_argument("--name", default=name, help=f"which cluster, default $CLUSTER, else {DEFAULT_NAME}")
    name = os.environ.get("CLUSTER") or instance.chosen()
    load.add_argument("--name", default=name, help="which cluster, default $CLUSTER, else that of $KUBECONFIG")
    return parser


def _count(given: str) -> int:
    if not given.isdecimal() or not 1 <= int(given) <= _MOST_NODES:
        raise argparse.ArgumentTypeError(f"{given!r} is not a number from 1 to {_MOST_NODES}")
    return int(given)


if __name__ == "__main__":
    sys.exit(main())
