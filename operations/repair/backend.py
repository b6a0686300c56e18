"""The engine's files in a file backend (pulumi/pulumi, pkg/backend/diy)."""

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..console import say
from ..project import Project
from ..stack import Stack


def folder_of(backend: str, project: Project) -> Path | None:
    """The folder of a ``file://`` backend with everything in it; None for a backend that is none.

    ``file://~`` is the home folder, ``file://./x`` is seen from the project, where the engine runs.
    """
    url = urlsplit(backend)
    if url.scheme != "file":
        return None
    return project.root / Path(unquote(url.netloc + url.path)).expanduser() / ".pulumi"


def remove_cut_off_sidecars(stack: Stack, backend: str) -> None:
    """Remove the attributes (``*.attrs``) of a stack's state, its backups and history that a kill left half written.

    The engine replaces a state at one stroke, but writes its attributes before that and in place, and cannot read a
    whole state beside broken ones (gocloud.dev, blob/fileblob). Without them it can; it needs nothing of theirs.
    Call it when no engine works on the stack.
    """
    root, project = folder_of(backend, stack.project), stack.project.name
    if root is None:
        return
    found = [*(root / "stacks" / project).glob(f"{stack.short_name}.json*.attrs")]
    for kind in ("backups", "history"):
        found += (root / kind / project / stack.short_name).rglob("*.attrs")
    for path in found:
        if not _is_json(path):
            path.unlink()
            say(f"removed the half-written {path.name}; the state itself is whole")


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True
