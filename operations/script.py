"""The program `portus-stack` of the wheel: the commands, or what has to be installed for them."""

import sys

_EXTRAS = {
    **dict.fromkeys(("docker", "prometheus_client", "pyrage", "requests"), "operations"),
    "kubernetes": "operations-kubernetes",
}
"""Package that a command imports → the extra of the wheel that brings it."""


def main() -> int:
    """Run one command; returns the exit code."""
    try:
        from .__main__ import main as run  # noqa: PLC0415 - its imports are what may be missing

        return run()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRAS:
            raise
        install = f"pip install 'pulumi_portus[{_EXTRAS[missing]}]'"
        print(f"portus-stack: error: the package {missing} is not installed\n  Next: {install}", file=sys.stderr)
        return 1
