"""``python -m operations COMMAND [--stack STACK] [-- ARGUMENT…]``: see ``--help``."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from .console import OperationError, say
from .down import down
from .engine import Engine
from .health import wait_until_well
from .outputs import outputs
from .preview import preview
from .repair import repair
from .stack import Stack, default_stack
from .trust import trust, untrust
from .up import up

_FAILED, _WRONG_USAGE, _INTERRUPTED = 1, 2, 130
_ENVIRONMENT = """Environment: SHOW_SECRETS=1 makes `outputs` show secrets; ALLOW_DATA_LOSS=NAME,… names the
volumes, claims, credentials and keys that `preview` may find deleted or replaced; `toolchain/env` sets the rest.
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""


def _repair(engine: Engine, _: Sequence[str]) -> int:
    done = repair(engine)
    for failure in done.failures:
        say(f"error: {failure}")
    if not done.changed:
        say("nothing to repair")
    elif done.state is not None and not done.failures:
        wait_until_well(engine, done.state)
        say("repaired; `make up` goes on from here")
    return _FAILED if done.failures else 0


Command = Callable[[Engine, Sequence[str]], int]
_COMMANDS: dict[str, tuple[str, Command]] = {
    "up": ("deploy the stack, or change it to what its file says", up),
    "preview": ("show what up would do, judged by the policy pack", preview),
    "down": ("remove the stack and everything of it", down),
    "repair": ("put right what an interrupted up left; up calls it by itself", _repair),
    "outputs": ("print the stack's outputs as JSON", lambda engine, _: outputs(engine, _secrets_wanted())),
    "trust": ("let this machine's docker trust the stack's CA and find its hosts", lambda engine, _: trust(engine)),
    "untrust": ("take back what trust did", lambda engine, _: untrust(engine.stack)),
}
_TAKES_ARGUMENTS = ("up", "preview", "down")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    chosen, passed_on = _parse(sys.argv[1:] if arguments is None else arguments)
    try:
        engine = Engine(Stack.from_environment(chosen.stack or default_stack()))
        return _COMMANDS[chosen.command][1](engine, passed_on)
    except OperationError as error:
        say(f"error: {error}")
        return _FAILED
    except KeyboardInterrupt:
        say("interrupted; the next command goes on from here")
        return _INTERRUPTED


def _parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    own, passed_on = list(arguments), []
    if "--" in own:
        split = own.index("--")
        own, passed_on = own[:split], own[split + 1 :]
    parser = argparse.ArgumentParser(
        prog="python -m operations",
        description="Commands around a deployed stack.",
        epilog=_ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (summary, _) in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        command.add_argument("--stack", default="", help="default: dev with the official toolchain, else local")
        if name in _TAKES_ARGUMENTS:
            verb = "destroy" if name == "down" else name
            command.epilog = f"What follows -- goes to `pulumi {verb}`."
    chosen = parser.parse_args(own)
    if passed_on and chosen.command not in _TAKES_ARGUMENTS:
        parser.error(f"{chosen.command} takes no arguments for pulumi")
    return chosen, passed_on


def _secrets_wanted() -> bool:
    return os.environ.get("SHOW_SECRETS", "") not in ("", "0")


if __name__ == "__main__":
    sys.exit(main())
