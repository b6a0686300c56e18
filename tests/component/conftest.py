"""Each variant is deployed once and then only read."""

from collections.abc import Callable
from functools import cache

import pytest

from tests.component.deployments import VARIANTS, deploy, kubernetes_args
from tests.component.recorder import Recording

Deployed = Callable[..., Recording]


@pytest.fixture(scope="session")
def deployed() -> Deployed:
    """The recording of a variant, as an update or as a preview."""

    @cache
    def recording(variant: str = "default", preview: bool = False) -> Recording:
        return deploy(VARIANTS[variant], preview=preview)

    return recording


@pytest.fixture(scope="session")
def on_kubernetes() -> Deployed:
    """The recording of a variant on Kubernetes, as an update or as a preview."""

    @cache
    def recording(variant: str = "default", preview: bool = False) -> Recording:
        return deploy(kubernetes_args(variant), preview=preview)

    return recording
