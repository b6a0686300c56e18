"""The stack file that the engine gets in a clone: the committed one with the salt of the stack's secrets.

The engine keeps a salt for encrypted values in the stack file. Written into the clone it would be a change to commit,
so a copy in the state folder carries it; a committed file that has its own is taken as it is.
"""

from .private_files import write_private
from .stack import Stack

SALT = "encryptionsalt"
_OWN_SECRETS = (SALT, "secretsprovider", "encryptedkey")


def refresh_copy(stack: Stack, salt: str) -> None:
    """Write the copy anew from the committed file, so that every edit counts.

    Args:
        salt: the salt in the stack's state, "" while there is none.

    Raises:
        OperationError: the committed file is missing or no YAML mapping.
    """
    write_private(stack.config_copy, with_salt(stack.committed_text, set(stack.document), salt))


def with_salt(text: str, keys: set[str], salt: str) -> str:
    """``text`` of a stack file with top-level ``keys``, with the salt where it has none of its own."""
    if not salt or keys.intersection(_OWN_SECRETS):
        return text
    return f"{text.rstrip()}\n{SALT}: {salt}\n"


def remove_copy(stack: Stack) -> None:
    """Remove the copy; nothing happens when there is none."""
    stack.config_copy.unlink(missing_ok=True)
