"""`monitoring`: write the alert rules and the dashboard where Prometheus and Grafana find them."""

from argparse import Namespace
from pathlib import Path

from ..console import OperationError, say
from ..private_files import write_whole
from .dashboard import dashboard
from .rules import rules
from .table import BACKUP_DAYS, PANELS, alerts

_EVERYBODY = 0o644


def monitoring(options: Namespace) -> int:
    """Write ``alerts.yaml`` and ``dashboard.json``; they are the same for every stack.

    Args:
        options: ``folder``, which has to be there; ``backup_days``, how old the newest backup may get.

    Raises:
        OperationError: a file cannot be written.
    """
    for file in write(Path(options.folder), options.backup_days):
        say(f"wrote {file}")
    return 0


def write(folder: Path, backup_days: int = BACKUP_DAYS) -> list[Path]:
    """Write both files into ``folder``, each whole or not at all; returns their paths. Raises OperationError."""
    written = []
    for name, text in texts(backup_days).items():
        try:
            write_whole(folder / name, text, _EVERYBODY)
        except OSError as error:
            raise OperationError(f"{folder / name} cannot be written: {error.strerror}") from None
        written.append(folder / name)
    return written


def texts(backup_days: int = BACKUP_DAYS) -> dict[str, str]:
    """Name of each file → its text."""
    return {"alerts.yaml": rules(alerts(backup_days)), "dashboard.json": dashboard(PANELS)}
