"""The Kubernetes cluster that tests may use: the one that is named, and none that they would have to start."""

import os
from pathlib import Path

import pytest

VARIABLE = "PORTUS_STACK_TEST_KUBECONFIG"
"""Environment variable: the path of a kubeconfig."""


def named_kubeconfig() -> Path:
    """The kubeconfig that is named; without one the test is skipped, with the way to one."""
    given = os.environ.get(VARIABLE, "")
    if not given:
        pytest.skip(f"no cluster is named: run `make cluster`, then {VARIABLE}=… make test")
    return Path(given).resolve(strict=True)
