"""The recovery kit: the little that a rebuild needs when state, hosts and volumes are gone, encrypted by age.

Format: https://age-encryption.org/v1, so that the `age` program opens it, too; inside is a JSON object.
"""

import getpass
import json
import os
import sys
from argparse import Namespace
from pathlib import Path

import pyrage

from ..console import OperationError, say
from ..engine import Engine
from .container import FILES, BackupContainer, backup_container

_OWNER_ONLY = 0o600
_PASSPHRASE_FILE = "KIT_PASSPHRASE_FILE"
_SHORTEST = 12
_ADVICE = """\
Keep it where neither this machine nor the stack's hosts can take it along, with the passphrase or key that opens it.
It is as good as the backups themselves. Write it anew when the stack file changes.
`restore --kit FILE` reads it, and so does `age --decrypt`."""


def recovery_kit(engine: Engine, options: Namespace) -> int:
    """Write the kit of a stack.

    Args:
        options: ``name`` of the PortusStack, "" for the only one; ``output``, its file, "" for one beside the caller;
            ``recipient``, an age or ssh public key, "" for a passphrase, which is asked for or stands in the file that
            ``KIT_PASSPHRASE_FILE`` names.

    Raises:
        OperationError: the stack makes no backups, the key is none, or the file is there already.
    """
    container = backup_container(engine, options.name)
    file = Path(options.output or f"{engine.stack.short_name}-recovery-kit.age")
    if file.exists():
        raise OperationError(f"{file} is there already", "move it away, or choose another --output")
    content = json.dumps(_content(container), indent=1).encode()
    sealed = _sealed(content, options.recipient)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(sealed)
    say(f"wrote {file}")
    print(_ADVICE, flush=True)
    return 0


def _content(container: BackupContainer) -> dict[str, str]:
    stack = container.engine.stack
    passphrase = os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE", "")
    return {
        "stack": stack.name,
        "portus_stack": container.recorded.name,
        "stack_file": stack.committed_text,
        "passphrase": Path(passphrase).read_text(encoding="utf-8") if passphrase and Path(passphrase).exists() else "",
        "repository_password": _read(container, "repository-password"),
        "s3_keys": _read(container, "s3-keys"),
    }


def _read(container: BackupContainer, name: str) -> str:
    """A file of the container, "" where it has none."""
    code, text = container.command(("sh", "-c", f'[ ! -f "{FILES}/{name}" ] || cat "{FILES}/{name}"'))
    if code:
        raise OperationError(f"{name} cannot be read in the container of the backup")
    return text


def _sealed(content: bytes, recipient: str) -> bytes:
    try:
        if not recipient:
            return bytes(pyrage.passphrase.encrypt(content, _passphrase(twice=True)))
        key = pyrage.ssh.Recipient if recipient.startswith("ssh-") else pyrage.x25519.Recipient
        return bytes(pyrage.encrypt(content, [key.from_str(recipient)]))
    except pyrage.RecipientError as error:
        raise OperationError(f"{recipient} is no public key of age or ssh: {error}") from error


def password_of(kit: str, identity: str) -> str:
    """The repository's password in a kit. ``identity`` is the file with the key that opens it, "" for a passphrase.

    Raises OperationError when the kit cannot be read or opened.
    """
    try:
        sealed = Path(kit).read_bytes()
        if identity:
            text = Path(identity).read_text(encoding="utf-8")
            if "PRIVATE KEY" in text:
                keys = [pyrage.ssh.Identity.from_buffer(text.encode())]
            else:
                keys = [pyrage.x25519.Identity.from_str(line) for line in text.split() if line.startswith("AGE-")]
            opened = pyrage.decrypt(sealed, keys)
        else:
            opened = pyrage.passphrase.decrypt(sealed, _passphrase(twice=False))
        return str(json.loads(opened)["repository_password"])
    except OSError as error:
        raise OperationError(f"{error.filename} cannot be read: {error.strerror}") from error
    except (pyrage.DecryptError, pyrage.IdentityError, ValueError, KeyError) as error:
        raise OperationError(
            f"{kit} cannot be opened: {error}", "give the passphrase or key that it was made with"
        ) from error


def _passphrase(*, twice: bool) -> str:
    file = os.environ.get(_PASSPHRASE_FILE)
    if file:
        found = Path(file).read_text(encoding="utf-8").strip()
    elif sys.stdin.isatty():
        found = getpass.getpass("Passphrase of the recovery kit: ")
        if twice and getpass.getpass("Once more: ") != found:
            raise OperationError("the two passphrases differ")
    else:
        raise OperationError(
            "nobody is there to type a passphrase", f"name a file with it in {_PASSPHRASE_FILE}, or give a key"
        )
    if twice and len(found) < _SHORTEST:
        raise OperationError(f"the passphrase is shorter than {_SHORTEST} characters")
    return found
