"""What every target is: a component that tells about what it deployed."""

from abc import abstractmethod

import pulumi


class Deployed(pulumi.ComponentResource):
    """``images``: process → what its image resolved to, as far as the target learns it."""

    images: dict[str, pulumi.Output[str]]

    @property
    @abstractmethod
    def ready(self) -> pulumi.Output[list[str]]:
        """Known once everything runs."""

    @abstractmethod
    def last_result(self, task: str) -> pulumi.Output[str]:
        """What a task reported last, as JSON; "" when there is nothing."""
