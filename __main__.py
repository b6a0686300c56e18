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
PLAIN = ("target", "task_image", "smoke_check")
OF_THE_PROGRAM = ("docker_host",)
config = pulumi.Config()


def unknown_keys() -> set[str]:
    """Keys of ours in the stack file that nothing here reads: a misspelt one must not go unnoticed."""
    ours = [key.split(":", 1) for key in pulumi.runtime.get_config_env()]
    known = {*GROUPS, *PLAIN, *OF_THE_PROGRAM}
    return {key for namespace, key in ours if namespace == config.name and key not in known}


arguments = {group: config.get_object(group) or {} for group in GROUPS}
arguments |= {"target": config.get("target"), "task_image": config.get("task_image")}
arguments["smoke_check"] = config.get_bool("smoke_check")
# The component refuses them together with whatever else is wrong, and tells the nearest name.
arguments |= dict.fromkeys(unknown_keys())

providers = [
    docker.Provider("docker", host=config.require("docker_host")),
    random.Provider("random"),
    tls.Provider("tls"),
]
stack = PortusStack(pulumi.get_stack(), arguments, pulumi.ResourceOptions(providers=providers))
for output in OUTPUTS:
    pulumi.export(output, getattr(stack, output))
