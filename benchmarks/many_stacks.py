"""Several PortusStacks in one program; the benchmark sets the number."""

from typing import cast

import pulumi
import pulumi_docker as docker
import pulumi_random as random
import pulumi_tls as tls

from components import PortusStack, PortusStackArgs

COUNT = 1

providers = [
    docker.Provider("docker", host="unix:///var/run/docker.sock"),
    random.Provider("random"),
    tls.Provider("tls"),
]
images = {
    "portus": {"image": "portus-stack.lab/portus-standin:2.4"},
    "registry": {"image": "portus-stack.lab/registry:2.8"},
    "database": {"image": "portus-stack.lab/mariadb:10.11"},
    "edge": {"image": "portus-stack.lab/edge:1.22"},
    "task_image": "portus-stack.lab/python:3.13",
    "data": {"protect": False},
}
for number in range(COUNT):
    port = 20000 + 2 * number
    hostnames = {"portus": f"portus{number}.test:{port}", "registry": f"registry{number}.test:{port}"}
    arguments = cast(PortusStackArgs, {"hostnames": hostnames, **images})  # checked by the component
    PortusStack(f"stack-{number}", arguments, pulumi.ResourceOptions(providers=providers))
