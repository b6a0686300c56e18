"""The files of the project: what a clone holds, without what was built or cached in it."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def project_files(*suffixes: str) -> list[Path]:
    """Files that git knows or would add, relative to the clone; with ``suffixes``, only those that end so."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    found = [Path(name) for name in listed if name and (ROOT / name).is_file()]
    return sorted(path for path in found if not suffixes or path.suffix in suffixes)
