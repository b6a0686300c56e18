"""Property paths: `spec.template.spec.containers[0].image`, `metadata.labels["app.kubernetes.io/name"]`."""

import re
from typing import Final

from toolchain.plugins.kubernetes.replacing import Path

_STEP: Final = re.compile(r'\.?([^.\[\]"]+)|\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\]')
_PLAIN: Final = re.compile(r'[^."\[\]]+')


def written_path(path: Path) -> str:
    """The path as a diff names it."""
    written = ""
    for step in path:
        if isinstance(step, int):
            written += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            written += f".{step}" if written else step
        else:
            quoted = step.replace('"', '\\"')
            written += f'["{quoted}"]'
    return written


def parse_path(text: str) -> Path:
    """The steps of a path; `*` stays a text and means any step."""
    steps: list[str | int] = []
    for match in _STEP.finditer(text):
        plain, index, quoted = match.groups()
        if index is not None:
            steps.append(int(index) if index.isdigit() else index)
        else:
            steps.append(plain if plain is not None else quoted.replace('\\"', '"'))
    return tuple(steps)


def covers(outer: Path, inner: Path) -> bool:
    """Whether `inner` is `outer` or lies below it."""
    if len(outer) > len(inner):
        return False
    return all(expected in ("*", step) for expected, step in zip(outer, inner, strict=False))
