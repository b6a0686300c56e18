"""`monitoring`: write the alert rules and the dashboard where Prometheus and Grafana find them."""

from argparse import Namespace
from pathlib import Path

from ..console import OperationError, say
from ..private_files import write_whole
from .dashboard import dashboard
from .rules import rules
from .table import ALERTS, PANELS

_EVERYBODY = 0o644


def monitoring(options: Namespace) -> int:
    """Write ``alerts.yaml`` and ``dashboard.json``; they are the same for every stack.

    Args:
        options: ``folder``, which has to be there.

    Raises:
        OperationError: a file cannot be written.
    """
    for file in write(Path(options.folder)):
        say(f"wrote {file}")
    return 0


def write(folder: Path) -> list[Path]:
    """Write both files into ``folder``, each whole or not at all; returns their paths. Raises OperationError."""
    written = []
    for name, text in texts().items():
        try:
            write_whole(folder / name, text, _EVERYBODY)
        except OSError as error:
            raise OperationError(f"{folder / name} cannot be written: {error.strerror}") from None
        written.append(folder / name)
    return written


def texts() -> dict[str, str]:
    """Name of each file → its text."""
    return {"alerts.yaml": rules(ALERTS), "dashboard.json": dashboard(PANELS)}
