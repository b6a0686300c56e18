"""One PortusStack per Pulumi stack: configuration → providers → component → outputs.

The only reader of pulumi.Config.
"""

from typing import cast

import pulumi
import pulumi_docker as docker
import pulumi_random as random
import pulumi_tls as tls

from components import OUTPUTS, PortusStack, PortusStackArgs

GROUPS = (
    *("hostnames", "portus", "registry", "database", "edge", "administrator"),
    *("certificates", "rotation", "data", "docker"),
)
PLAIN = ("target", "task_image", "smoke_check")
OF_THE_PROGRAM = ("docker_host",)
config = pulumi.Config()


def unknown_keys() -> set[str]:
    """Keys of ours in the stack file that nothing here reads: a misspelt one must not go unnoticed."""
    given = (key.partition(":") for key in pulumi.runtime.get_config_env())
    return {key for namespace, _, key in given if namespace == config.name} - {*GROUPS, *PLAIN, *OF_THE_PROGRAM}


def needs_docker_host(hosts: object) -> bool:
    """Whether a role may run on the daemon of ``docker_host``: where every host has an address, none has to be here."""
    return not isinstance(hosts, list) or not all(isinstance(host, dict) and host.get("address") for host in hosts)


arguments = {group: config.get_object(group) or {} for group in GROUPS}
arguments |= {"target": config.get("target"), "task_image": config.get("task_image")}
arguments["smoke_check"] = config.get_bool("smoke_check")
# The component refuses these together with whatever else is wrong, and tells the nearest name.
arguments |= dict.fromkeys(unknown_keys())

providers: list[pulumi.ProviderResource] = [random.Provider("random"), tls.Provider("tls")]
if needs_docker_host(arguments["docker"].get("hosts")):
    providers.append(docker.Provider("docker", host=config.require("docker_host")))
stack = PortusStack(
    pulumi.get_stack(),
    cast(PortusStackArgs, arguments),  # every value is checked by the component
    pulumi.ResourceOptions(providers=providers),
)
for output in OUTPUTS:
    pulumi.export(output, getattr(stack, output))
