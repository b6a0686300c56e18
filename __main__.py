"""One PortusStack per Pulumi stack: configuration → providers → component → outputs.

The only reader of pulumi.Config. The provider of a target that was not chosen is not even imported.
"""

import os
from typing import cast

import pulumi
import pulumi_random as random
import pulumi_tls as tls
from pulumi import runtime

from components import OUTPUTS, PortusStack, PortusStackArgs
from components.portus.settings import docker_host_problem, settings_from_args

GROUPS = (
    *("hostnames", "portus", "registry", "database", "edge", "administrator"),
    *("images", "certificates", "rotation", "data", "docker", "kubernetes"),
)
SWITCHED = ("backup",)
"""Groups whose presence, even if empty, switches something on."""
PLAIN = ("target", "task_image", "smoke_check")
OF_THE_PROGRAM = ("docker_host", "kubeconfig", "kube_context")
config = pulumi.Config()


def unknown_keys() -> set[str]:
    """Keys of ours in the stack file that nothing here reads: a misspelt one must not go unnoticed."""
    given = (key.partition(":") for key in runtime.get_config_env())
    return {key for namespace, _, key in given if namespace == config.name} - {
        *GROUPS,
        *SWITCHED,
        *PLAIN,
        *OF_THE_PROGRAM,
    }


def provider_setting(key: str) -> pulumi.Input[str] | None:
    """A value for a provider; secret in state, plan and preview where the stack file has it as `secure:`."""
    value = config.get(key)
    return pulumi.Output.secret(value) if value and runtime.is_config_secret(config.full_key(key)) else value or None


def target_providers(target: object, hosts: object) -> list[pulumi.ProviderResource]:
    """The cluster's; or the daemon's of ``docker_host``, unless every host has an address of its own."""
    if target == "kubernetes":
        import pulumi_kubernetes as kubernetes  # noqa: PLC0415

        kubeconfig, context = provider_setting("kubeconfig"), provider_setting("kube_context")
        return [kubernetes.Provider("kubernetes", kubeconfig=kubeconfig, context=context)]
    if isinstance(hosts, list) and all(isinstance(host, dict) and host.get("address") for host in hosts):
        return []
    import pulumi_docker as docker  # noqa: PLC0415

    from components.portus.targets.docker import registry_auth  # noqa: PLC0415

    address = config.require("docker_host")
    problem = docker_host_problem(address, bool(os.environ.get("DOCKER_CERT_PATH")))
    others = [("docker_host", problem)] if problem else []  # tells what else is wrong, too
    settings = settings_from_args(pulumi.get_stack(), arguments, others, signs_in=True)
    arguments["docker"].pop("registry_auth", None)  # this provider has them: the component makes none
    return [docker.Provider("docker", host=provider_setting("docker_host"), registry_auth=registry_auth(settings))]


arguments = {group: config.get_object(group) or {} for group in GROUPS}
arguments |= {group: config.get_object(group) for group in SWITCHED}
arguments |= {"target": config.get("target"), "task_image": config.get("task_image")}
arguments["smoke_check"] = config.get_bool("smoke_check")
# The component refuses these together with whatever else is wrong, and tells the nearest name.
arguments |= dict.fromkeys(unknown_keys())

stack = PortusStack(
    pulumi.get_stack(),
    cast(PortusStackArgs, arguments),  # every value is checked by the component
    pulumi.ResourceOptions(
        providers=[
            *(random.Provider("random"), tls.Provider("tls")),
            *target_providers(arguments["target"], arguments["docker"].get("hosts")),
        ]
    ),
)
for output in OUTPUTS:
    pulumi.export(output, getattr(stack, output))
