"""One PortusStack per Pulumi stack: configuration → providers → component → outputs.

The only reader of pulumi.Config.
"""

import pulumi
import pulumi_docker as docker
import pulumi_random as random
import pulumi_tls as tls

from components import OUTPUTS, PortusStack

GROUPS = (
    *("hostnames", "portus", "registry", "database", "edge", "administrator"),
    *("certificates", "rotation", "data", "docker"),
)
config = pulumi.Config()
arguments = {group: config.get_object(group) or {} for group in GROUPS}
arguments |= {key: config.get(key) for key in ("target", "task_image")}
arguments["smoke_check"] = config.get_bool("smoke_check")

providers = [
    docker.Provider("docker", host=config.require("docker_host")),
    random.Provider("random"),
    tls.Provider("tls"),
]
stack = PortusStack(pulumi.get_stack(), arguments, pulumi.ResourceOptions(providers=providers))
for output in OUTPUTS:
    pulumi.export(output, getattr(stack, output))
