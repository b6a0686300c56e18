"""Go's textual forms that Docker's interfaces use: durations (`1m30s`) and decimal CPU counts (`1.5`).

Source: package `time` of Go (`ParseDuration`, `Duration.String`); `helpers.go` of kreuzwerker/terraform-provider-docker
v4.5.0 for the CPU count.
"""

import re
from decimal import Decimal

_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,  # micro sign
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_DECIMALS = 9  # of a billionth
_FRACTIONS = (("s", 10**9), ("ms", 10**6), ("µs", 10**3))


def parse_duration(text: str) -> int:
    """Nanoseconds of a Go duration. Raises `ValueError` when `text` is none."""
    sign = -1 if text.startswith("-") else 1
    body = text[1:] if text[:1] in ("-", "+") else text
    if body == "0":
        return 0
    parts = list(_PART.finditer(body))
    if not parts or "".join(part.group() for part in parts) != body:
        raise ValueError(f"not a duration: {text}")
    total = sum(Decimal(part[1]) * _NANOSECONDS[part[2]] for part in parts)
    return sign * int(total)


def format_duration(nanoseconds: int) -> str:
    """The way Go prints a duration: `0s`, `1.5s`, `1m30s`, `1h0m0s`."""
    if nanoseconds == 0:
        return "0s"
    sign, rest = ("-" if nanoseconds < 0 else ""), abs(nanoseconds)
    unit, size = next(((unit, size) for unit, size in _FRACTIONS if rest >= size), ("ns", 1))
    if unit != "s":
        return f"{sign}{_decimal(Decimal(rest) / size)}{unit}"
    minutes, seconds = divmod(rest, _NANOSECONDS["m"])
    hours, minutes = divmod(minutes, 60)
    prefix = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{prefix}{_decimal(Decimal(seconds) / 10**9)}s"


def _decimal(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_cpus(text: str) -> int:
    """Billionths of a CPU. Raises `ValueError`."""
    try:
        billionths = Decimal(text) * 10**9
    except ArithmeticError as error:
        raise ValueError(f"failed to parse {text} as a rational number") from error
    if billionths != int(billionths):
        raise ValueError("value is too precise")
    return int(billionths)


def format_cpus(billionths: int) -> str:
    """The official plugin's form: `0.5`, `2.0`, and `10.` for values with another zero before the point."""
    digits = f"{Decimal(billionths) / 10**9:.{_DECIMALS}f}"
    if digits.count("0") == _DECIMALS:  # a round value
        return f"{Decimal(billionths) / 10**9:.1f}"
    return digits.rstrip("0")
