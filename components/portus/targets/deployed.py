"""What every target is: a component that tells about what it deployed."""

from abc import abstractmethod

import pulumi

from ..naming import resource_name
from ..topology import Topology


class Part(pulumi.ComponentResource):
    """A role or task on its target: the parent of everything that was made for it alone.

    Its type tells which, for example ``portus:internal:SmokeCheck``; its name is the process' own.
    """

    def __init__(self, name: str, process: str, target: pulumi.Resource) -> None:
        kind = "".join(word.capitalize() for word in process.split("_"))
        opts = pulumi.ResourceOptions(parent=target)
        super().__init__(f"portus:internal:{kind}", resource_name(name, process), None, opts)


class Deployed(pulumi.ComponentResource):
    """``images``: process → what its image resolved to, as far as the target learns it."""

    images: dict[str, pulumi.Output[str]]

    def __init__(self, kind: str, name: str, topology: Topology, opts: pulumi.ResourceOptions) -> None:
        super().__init__(f"portus:internal:{kind}", name, None, opts)
        self._parts = {process.name: Part(topology.name, process.name, self) for process in topology.processes}

    def options(self, process: str) -> pulumi.ResourceOptions:
        """For a resource that is a part of ``process``. Before 0.2 the target was the parent of all of them."""
        return pulumi.ResourceOptions(parent=self._parts[process], aliases=[pulumi.Alias(parent=self)])

    def finish(self) -> None:
        """Everything has been registered."""
        for part in self._parts.values():
            part.register_outputs({})
        self.register_outputs({})

    @property
    @abstractmethod
    def ready(self) -> pulumi.Output[list[str]]:
        """Known once everything runs."""

    @abstractmethod
    def last_result(self, task: str) -> pulumi.Output[str]:
        """What a task reported last, as JSON; "" when there is nothing."""
