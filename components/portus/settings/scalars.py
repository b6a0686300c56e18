"""What YAML makes of a value with or without quotes, and what to say where the other way was meant.

Neither function tells the value: it may be secret.
"""

from collections.abc import Callable

_WORDS = {"true": True, "false": False}


def quotes_missing(value: object, fits: Callable[[str], bool]) -> str:
    """The hint for a number or a boolean where a text is wanted and its spelling would be right; "" else."""
    if isinstance(value, bool):
        kind, text = "true or false", str(value).lower()
    elif isinstance(value, int | float):
        kind, text = "a number", str(int(value)) if value == value // 1 else str(value)
    else:
        return ""
    return f"; put it in quotes, as YAML takes it for {kind} without them" if fits(text) else ""


def quotes_astray(value: object, fits: Callable[[object], bool]) -> str:
    """The hint for a text where a number or a boolean is wanted and its meaning would be right; "" else."""
    if not isinstance(value, str):
        return ""
    meant: object = _WORDS.get(value)
    if meant is None and value.isascii() and value.isdigit():
        meant = int(value)
    return "; write it without quotes, as it is text with them" if meant is not None and fits(meant) else ""
