"""The policy pack, ready for the engine: its sources and a virtual environment of its own, in the tool folder.

The engine looks for the environment in the pack's folder (`venv`, as PulumiPolicy.yaml says), and nothing is written
into the checkout: so the pack is copied, keyed by what it is made of.
"""

import os
import shutil
from pathlib import Path

from .fingerprint import fingerprint, source_files
from .folders import CHECKOUT, Folders, is_complete, new_folder
from .python import compile_sources, install_python

PACK = CHECKOUT / "policies"
LOCK = PACK / "requirements.txt"
_SUFFIXES = (".py", ".yaml")
_VIRTUALENV = "venv"


def install_policies(folders: Folders) -> Path:
    """Install what is missing; the folder for `pulumi preview --policy-pack`. Call it with the tool folder locked.

    Raises:
        InstallError: the pack's packages cannot be had.
    """
    python = install_python(folders, LOCK, "policies-python")
    sources = [path for path in source_files(PACK, _SUFFIXES) if _VIRTUALENV not in path.relative_to(PACK).parts]
    names = [str(path.relative_to(PACK)) for path in sources]
    pack = folders.tools / f"policies-pack-{fingerprint(*sources, *names, str(python))}"
    if not is_complete(pack):
        with new_folder(pack):
            for source, name in zip(sources, names, strict=True):
                (pack / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, pack / name)
            compile_sources(python, pack)
            (pack / _VIRTUALENV).symlink_to(python)
    for folder in (python, pack):
        os.utime(folder)  # in use: see ready.py
    return pack
