"""Transforms, aliases, protection and import pass through a PortusStack to everything that it is made of."""

from typing import cast

import pulumi
import pulumi_docker as docker
import pulumi_random as random
import pulumi_tls as tls
from pulumi_portus import PortusStack, PortusStackArgs

config = pulumi.Config()
arguments: dict[str, object] = config.require_object("arguments")
protect, inside = config.get_bool("protect"), config.get_bool("inside")
layers_volume = config.get("layers_volume")


def labelled(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Transform: every container carries the cost centre."""
    if args.type_ != "docker:index/container:Container":
        return None
    labels = [*cast(list[object], args.props["labels"]), {"label": "cost-centre", "value": "4711"}]
    return pulumi.ResourceTransformResult({**args.props, "labels": labels}, args.opts)


def adopted(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Transform: the registry's volume is one that exists; its layers stay, and `destroy` leaves it in place."""
    if not layers_volume or args.name != "hub-registry-data":
        return None
    own = pulumi.ResourceOptions(import_=layers_volume, retain_on_delete=True)
    return pulumi.ResourceTransformResult({"name": layers_volume}, pulumi.ResourceOptions.merge(args.opts, own))


class Platform(pulumi.ComponentResource):
    """The larger thing that the registry becomes a part of."""

    def __init__(self, name: str) -> None:
        super().__init__("example:index:Platform", name)
        self.register_outputs({})


# The alias tells the engine that the PortusStack was at the top before: it moves, and nothing is replaced.
place = pulumi.ResourceOptions(
    parent=Platform("platform") if inside else None,
    aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)] if inside else None,
)
providers: list[pulumi.ProviderResource] = [
    docker.Provider("docker", host="unix:///var/run/docker.sock"),
    random.Provider("random"),
    tls.Provider("tls"),
]
options = pulumi.ResourceOptions(providers=providers, protect=protect or None, transforms=[labelled, adopted])
hub = PortusStack("hub", cast(PortusStackArgs, arguments), pulumi.ResourceOptions.merge(options, place))
pulumi.export("registry_url", hub.registry_url)
