"""`python -m lab.cluster.controllers FOLDER SPACE`: what runs in a space, until the space ends."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from lab.cluster import instance
from lab.cluster.api import Api
from lab.cluster.controllers import enforcer, load_balancers, volumes
from lab.cluster.controllers.watching import Loop


def main() -> None:
    """On a node, enforce its policies; in the control plane's space, provision volumes and load balancers."""
    parser = argparse.ArgumentParser(description="The cluster's own controllers.")
    parser.add_argument("folder", type=Path, help="the cluster's folder")
    parser.add_argument("space", help="the space that they run in")
    chosen = parser.parse_args()
    cluster = instance.load(chosen.folder)
    api = Api(cluster)
    if chosen.space == instance.CONTROL:
        Loop("volumes", api, volumes.PATHS, volumes.Provisioner(api, cluster.volumes).work).start()
        balancers = load_balancers.LoadBalancers(api, cluster.load_balancer_cidr)
        Loop("load balancers", api, load_balancers.PATHS, balancers.work).start()
    else:
        node = cluster.node(int(chosen.space.removeprefix("node-")))
        loop = Loop("policies", api, enforcer.PATHS, enforcer.Enforcer(node.pods_cidr).work)
        loop.start()
        enforcer.notice_pods(enforcer.RESULTS, loop.wake)
    threading.Event().wait()


if __name__ == "__main__":
    main()
