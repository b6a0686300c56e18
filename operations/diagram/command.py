"""`diagram`: draw the stack as it would be deployed, or what `up` would change."""

import sys
from argparse import Namespace
from pathlib import Path

from ..choice import chosen
from ..console import OperationError, say
from ..engine import Engine
from ..prepare import prepare
from ..preview import preview_steps
from ..previewed import Step, steps_within
from ..private_files import write_private
from ..recorded import Recorded, is_record, recorded_in
from ..state import State
from .drawing import draw
from .scene import scene_of

_STAND_IN = "portus-standin:"
"""The last part of its image's name, which it has from a mirror, too."""


def diagram(engine: Engine, options: Namespace) -> int:
    """Write an SVG and say where; returns the exit code.

    Args:
        options: ``name``, of one of several PortusStacks; ``changes``, whether to mark what `up` would change;
            ``output``, a file, ``-`` for stdout, "" for one in the state folder.

    Raises:
        OperationError: the program's preview failed, or it holds no PortusStack.
    """
    prepare(engine.stack)
    state, steps = preview_steps(engine)
    text = picture(steps, state, options.changes, options.name)
    if options.output == "-":
        sys.stdout.write(text)
        return 0
    name = "-".join(filter(None, [engine.stack.short_name, options.name, "changes" if options.changes else ""]))
    path = Path(options.output) if options.output else engine.stack.state_folder / "diagrams" / f"{name}.svg"
    _write(path, text, private=not options.output)
    say("drew the stack" + (" and what up would change" if options.changes else ""))
    print(path)
    return 0


def picture(steps: list[Step], state: State | None, changes: bool, given: str = "") -> str:
    """The SVG of the PortusStack ``given``, or of the only one. Raises OperationError when that is none."""
    records = [step for step in steps if is_record(step.type) and step.inputs]
    recorded = [Recorded.from_inputs(each.type, each.name, each.inputs) for each in records]
    name = chosen((each.name for each in recorded), given)
    shown = next(each for each in recorded if each.name == name)
    before = {each.name: each for each in (recorded_in(state) if state else [])}
    stand_in = any(process.image.rpartition("/")[2].startswith(_STAND_IN) for process in shown.processes)
    note = "a test double stands in for Portus" if stand_in else ""
    return draw(scene_of(shown, steps_within(steps, name), before.get(name), changes), note)


def _write(path: Path, text: str, private: bool) -> None:
    if private:
        write_private(path, text)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperationError(f"{path} cannot be written: {error.strerror}", "give another --output") from error
