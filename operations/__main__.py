"""``portus-stack COMMAND [--stack STACK] [-- ARGUMENT…]``, in a clone ``python -m operations``: see ``--help``."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .backups.backup import backup
from .backups.drill import drill
from .backups.recovery_kit import recovery_kit
from .backups.restore import restore
from .backups.snapshots import backups
from .collection.command import collect_garbage
from .console import OperationError, say
from .diagram import diagram
from .down import down
from .engine import Engine, selected_stack
from .health import wait_until_well
from .images import images_list, images_load
from .monitoring.command import monitoring
from .outputs import outputs
from .preview import preview
from .project import Project
from .repair import repair
from .stack import Stack, default_stack
from .status import status
from .timer.command import timer, timer_options
from .trust import trust, untrust
from .up import up

_FAILED, _WRONG_USAGE, _INTERRUPTED = 1, 2, 130
_ENVIRONMENT = """Environment: SHOW_SECRETS=1 makes `outputs` show secrets; ALLOW_DATA_LOSS=NAME,… names the
volumes, claims, credentials and keys that `preview` may find deleted or replaced, or `restore` may overwrite;
KIT_PASSPHRASE_FILE is a file with the passphrase of a recovery kit. `pulumi` is the one on PATH, with its login and
passphrase; in a clone of PortusStack `toolchain/env` sets all of that.
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
_STACK = "default: the selected one; in a clone of PortusStack dev with the official toolchain, else local"


def _outputs(engine: Engine, given: argparse.Namespace) -> int:
    return outputs(engine, given.name, os.environ.get("SHOW_SECRETS", "") not in ("", "0"))


def _repair(engine: Engine) -> int:
    done = repair(engine)
    for failure in done.failures:
        say(f"error: {failure}")
    if not done.changed:
        say("nothing to repair")
    elif done.state is not None and not done.failures:
        wait_until_well(engine, done.state)
        say(f"repaired; `{engine.stack.command('up')}` goes on from here")
    return _FAILED if done.failures else 0


def _diagram_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--changes", action="store_true", help="mark what up would change")
    command.add_argument("--output", default="", metavar="FILE", help="- for stdout; default: one in the state folder")


def _status_options(command: argparse.ArgumentParser) -> None:
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for programs; keys are only ever added")
    form.add_argument("--metrics", default="", metavar="FILE", help="write it for Prometheus; - for stdout")
    command.add_argument("--no-drift", action="store_true", help="do not ask the hosts for drift, which takes seconds")
    command.epilog = (
        "Exit codes: 0 well, 1 something needs attention, 2 wrong usage, 3 cannot be told. With --metrics 0 is written."
    )


def _trust_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "host", nargs="*", metavar="HOST[:PORT]", help="a name to trust; a clone's stack file says them"
    )


def _images_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help="an archive that `docker save` wrote, compressed or not")


def _restore_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--snapshot", default="", metavar="ID", help="default: the newest; `backups` lists them")
    command.add_argument("--kit", default="", metavar="FILE", help="recovery kit of an earlier deployment")
    command.add_argument("--identity", default="", metavar="FILE", help="private key for the kit")


def _recovery_kit_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--output", default="", metavar="FILE", help="default: STACK-recovery-kit.age")
    command.add_argument("--recipient", default="", metavar="KEY", help="age or ssh public key; default: a passphrase")


def _collect_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--untagged", action="store_true", help="remove manifests without a tag, too (Distribution 3)")
    command.add_argument("--dry-run", action="store_true", help="tell what would be removed, and change nothing")


def _monitoring_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="FOLDER", help="which has to be there")


Command = Callable[[Engine, argparse.Namespace], int]
_COMMANDS: dict[str, tuple[str, Command]] = {
    "up": ("deploy the stack, or change it to what its file says", lambda engine, given: up(engine, given.passed_on)),
    "preview": (
        "show what up would do, judged by the policy pack",
        lambda engine, given: preview(engine, given.passed_on),
    ),
    "down": ("remove the stack and everything of it", lambda engine, given: down(engine, given.passed_on)),
    "repair": ("put right what an interrupted up left; up calls it by itself", lambda engine, _: _repair(engine)),
    "status": ("tell how the stack is: roles, certificates, last smoke check, drift", status),
    "diagram": ("draw the stack as it would be deployed, or what up would change, as SVG", diagram),
    "images-list": ("print the images that the stack needs, one a line", lambda engine, _: images_list(engine)),
    "images-load": ("load an archive of `docker save` on the stack's Docker hosts, and tell what lacks", images_load),
    "backup": ("make a backup now, and wait until it is whole", lambda engine, given: backup(engine, given.name)),
    "backups": ("list the backups that there are", lambda engine, given: backups(engine, given.name)),
    "drill": (
        "try now whether the newest backup can be put back, and touch nothing of the stack",
        lambda engine, given: drill(engine, given.name),
    ),
    "restore": ("put a backup back: database, layers, users with their passwords", restore),
    "recovery-kit": ("write what a rebuild needs when all else is gone, encrypted", recovery_kit),
    "collect-garbage": ("give back the space of deleted images, while pulls go on", collect_garbage),
    "timer": ("have up run by a schedule, by systemd, cron or CI, so that renewals need no person", timer),
    "outputs": ("print the outputs of a PortusStack as JSON", _outputs),
    "trust": (
        "let this machine's docker trust the stack's CA and find its hosts",
        lambda engine, given: trust(engine, given.name, given.host),
    ),
    "untrust": ("take back what trust did", lambda engine, given: untrust(engine.stack, given.name)),
}
_ANYWHERE: dict[str, tuple[str, Callable[[argparse.Namespace], int]]] = {
    "monitoring": ("write Prometheus' alert rules and Grafana's dashboard, the same for every stack", monitoring),
}
"""Commands about no stack, which need no project."""
_TAKES_ARGUMENTS = ("up", "preview", "down")
_ABOUT_ONE = (
    *("status", "diagram", "outputs", "timer", "trust", "untrust"),
    *("backup", "backups", "drill", "restore", "recovery-kit", "collect-garbage"),
)
_OPTIONS = {
    "trust": _trust_options,
    "status": _status_options,
    "diagram": _diagram_options,
    "images-load": _images_options,
    "restore": _restore_options,
    "recovery-kit": _recovery_kit_options,
    "collect-garbage": _collect_options,
    "timer": timer_options,
    "monitoring": _monitoring_options,
}
"""Commands with options of their own: those may also stand behind ``--``, where `make` puts ARGS."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    chosen = _parse(sys.argv[1:] if arguments is None else arguments)
    try:
        if chosen.command in _ANYWHERE:
            return _ANYWHERE[chosen.command][1](chosen)
        project = Project.nearest(Path(chosen.project))
        stack = chosen.stack or (default_stack() if project.clone else selected_stack(project))
        engine = Engine(Stack.of(project, stack))
        return _COMMANDS[chosen.command][1](engine, chosen)
    except OperationError as error:
        say(f"error: {error}")
        return _FAILED
    except KeyboardInterrupt:
        say("interrupted; the next command goes on from here")
        return _INTERRUPTED


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command and its options; ``passed_on`` is what goes to `pulumi`."""
    own, passed_on = list(arguments), []
    if "--" in own:
        split = own.index("--")
        own, passed_on = own[:split], own[split + 1 :]
    if own and own[0] in _OPTIONS:
        own, passed_on = own + passed_on, []
    parser = argparse.ArgumentParser(
        prog="portus-stack",
        description="Commands around a stack with PortusStacks in it.",
        epilog=_ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (summary, _) in {**_COMMANDS, **_ANYWHERE}.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        command.add_argument("--stack", default="", help=_STACK)
        command.add_argument("--project", default=".", metavar="FOLDER", help="default: here or the next one above")
        if name in _ABOUT_ONE:
            command.add_argument("--name", default="", help="which PortusStack, where the stack has several")
        if name in _TAKES_ARGUMENTS:
            verb = "destroy" if name == "down" else name
            command.epilog = f"What follows -- goes to `pulumi {verb}`."
        if name in _OPTIONS:
            _OPTIONS[name](command)
    chosen = parser.parse_args(own)
    chosen.passed_on = passed_on
    if passed_on and chosen.command not in _TAKES_ARGUMENTS:
        parser.error(f"{chosen.command} takes no arguments for pulumi")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
