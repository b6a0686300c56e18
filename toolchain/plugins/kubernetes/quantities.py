"""Quantities (`1500m`, `1Gi`) in the form that Kubernetes gives them.

Source: `k8s.io/apimachinery/pkg/api/resource` v0.36, `Quantity.CanonicalizeBytes`.
"""

import math
import re
from fractions import Fraction

_FORM = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_SUFFIXES = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_KIBI = 1024
_SMALLEST = Fraction(1, 10**9)


def canonical(text: str) -> str:
    """The canonical form. Raises `ValueError` for what is no quantity."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError("not a quantity")
    number, suffix = Fraction(match[1]), match[2] or ""
    if suffix in _BINARY[1:]:
        value = _rounded_up(number * _KIBI ** _BINARY.index(suffix), _SMALLEST)
        return _binary(value) if abs(value) >= _KIBI else _decimal(value, exponential=False)
    exponential = suffix not in _DECIMAL
    exponent = int(suffix[1:]) if exponential else _DECIMAL[suffix]
    return _decimal(_rounded_up(number * Fraction(10) ** exponent, _SMALLEST), exponential=exponential)


def _rounded_up(value: Fraction, unit: Fraction) -> Fraction:
    """To a multiple of `unit`, away from zero."""
    units = value / unit
    return (math.ceil(units) if units >= 0 else math.floor(units)) * unit


def _decimal(value: Fraction, *, exponential: bool) -> str:
    if value == 0:
        return "0"
    exponent = 18
    while (value / Fraction(10) ** exponent).denominator != 1:
        exponent -= 3
    mantissa = int(value / Fraction(10) ** exponent)
    if exponential:
        return f"{mantissa}e{exponent}" if exponent else str(mantissa)
    return f"{mantissa}{_DECIMAL_SUFFIXES[exponent]}"


def _binary(value: Fraction) -> str:
    number = int(_rounded_up(value, Fraction(1)))
    power = 0
    while number % _KIBI == 0 and power < len(_BINARY) - 1:
        number, power = number // _KIBI, power + 1
    return f"{number}{_BINARY[power]}"
