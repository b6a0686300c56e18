"""The policy pack for a preview: where it is, and how this stack configures it."""

import os
import subprocess

from .console import OperationError, say
from .stack import Stack


def policy_arguments(stack: Stack) -> list[str]:
    """Arguments for `pulumi preview`: a clone's pack, made ready, and ``stacks/policy.<stack>.json`` if there is one.

    None for other projects: their own arguments name the pack, where they have it.

    Raises:
        OperationError: the pack's packages cannot be had.
    """
    if not stack.project.clone:
        return []
    command = [str(stack.project.root / "toolchain" / "policies")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env=os.environ)
    if done.returncode:
        raise OperationError(
            "the policy pack could not be made ready (see above)", "`toolchain/policies` tries it alone"
        )
    configuration = stack.committed_file.parent / f"policy.{stack.name}.json"
    if configuration.is_file():
        return ["--policy-pack", done.stdout.strip(), "--policy-pack-config", str(configuration)]
    say(f"there is no {configuration.name} in stacks: every rule holds, as it stands")
    return ["--policy-pack", done.stdout.strip()]
