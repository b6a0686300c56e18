"""`python -m lab.cluster`: start, stop and look at test clusters."""

from __future__ import annotations

import argparse
import os
import sys

from lab.cluster import cluster
from lab.cluster.console import ClusterError, say
from lab.cluster.instance import DEFAULT_NAME


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 it failed, 2 a wrong argument."""
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.command == "up":
            made = cluster.up(chosen.name, chosen.nodes, chosen.image)
            print(f"export KUBECONFIG={made.kubeconfig}")
        else:
            say(f"{chosen.name} is {'gone' if cluster.down(chosen.name) else 'not there, nothing to do'}")
    except ClusterError as error:
        say(str(error))
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab/cluster/cluster", description="A Kubernetes for tests, on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start the cluster, or what is missing of it; prints `export KUBECONFIG=…`")
    down = commands.add_parser("down", help="end the cluster and remove everything of it")
    up.add_argument("--nodes", type=int, default=1, choices=range(1, 10), metavar="N", help="number of nodes (1 to 9)")
    up.add_argument("--image", action="append", default=[], help="image of Docker to load beside the lab's; repeatable")
    for command in (up, down):
        name = os.environ.get("CLUSTER") or DEFAULT_NAME
        command.add_argument("--name", default=name, help=f"which cluster, default $CLUSTER or {DEFAULT_NAME}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
