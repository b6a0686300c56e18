"""Makes a refusal to destroy come before the first deletion, not in the middle."""

from collections.abc import Sequence

import pulumi

from .naming import resource_name
from .settings import Settings


class DataProtection(pulumi.ComponentResource):
    """An empty resource, protected when the data is, that depends on everything else.

    The engine deletes dependents first and looks at ``protect`` only when a resource's turn has come: without this one,
    ``pulumi destroy --skip-preview`` removes every container before it finds the protected volumes.
    """

    def __init__(self, settings: Settings, everything: Sequence[pulumi.Resource], opts: pulumi.ResourceOptions) -> None:
        own = pulumi.ResourceOptions(protect=settings.data.protect or None, depends_on=everything)
        name = resource_name(settings.name, "data-protection")
        super().__init__("portus:internal:DataProtection", name, None, pulumi.ResourceOptions.merge(opts, own))
        self.register_outputs({})
