"""Whether Portus reads a value of an option as it stands."""

import re
import warnings
from collections.abc import Callable

from ..contract.generation2 import OPTION_FILES
from ..contract.option_values import BOUNDS, CHOICES, FORMS, LARGEST_NUMBER, MAY_BE_EMPTY, Form
from ..contract.options import Kind, Option
from . import patterns
from .reader import MAX_TEXT_LENGTH, shown
from .scalars import quotes_astray, quotes_missing

_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]*")
_FIRST_WITH_FILES = 3
_CAST = re.compile(
    r"(?i:true|false)|\s*[+-]?(?:0b[01](?:_?[01])*|0o?[0-7]?(?:_?[0-7])*|0d[0-9](?:_?[0-9])*|0x[0-9a-f](?:_?[0-9a-f])*"
    r"|[1-9](?:_?[0-9])*)\s*",
    re.IGNORECASE,
)
"""What a variable's text is cast by (mssola/cconfig 1.2.1 ``lib/cconfig/hash_utils.rb:131``, Ruby's ``Integer()``)."""


def value_problem(option: Option, value: object, minor: int) -> str:
    """Why Portus 2.``minor`` would not read ``value`` as it stands, or "". A secret value is not told."""
    if not _has_type(option, value):
        allowed = (
            f"one of {', '.join(CHOICES[option.path])}"
            if option.path in CHOICES
            else f"a{'n' * (option.kind is Kind.INTEGER)} {option.kind.value}"
        )
        told = " (its value is secret and not shown)" if option.secret else f", not {shown(value)}"
        return f"must be {allowed}{told}{_hint(option, value)}"
    if option.kind is Kind.INTEGER:
        lowest, highest = BOUNDS.get(option.path, (0, LARGEST_NUMBER))
        return "" if lowest <= float(str(value)) <= highest else f"must be {lowest} to {highest}, not {shown(value)}"
    if option.path in OPTION_FILES and minor >= _FIRST_WITH_FILES and _CAST.fullmatch(str(value)):
        return "must not look like a number, true or false: Portus would take it for one (its value is secret)"
    return _form_problem(option.path, str(value)) if option.path in FORMS else ""


def _hint(option: Option, value: object) -> str:
    def fits(meant: object) -> bool:
        return _has_type(option, meant)

    return quotes_missing(value, fits) or quotes_astray(value, fits)


def _has_type(option: Option, value: object) -> bool:
    if option.kind is Kind.BOOLEAN:
        return isinstance(value, bool)
    if option.kind is Kind.INTEGER:
        return isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1 and value >= 0
    if not isinstance(value, str) or len(value) > MAX_TEXT_LENGTH or not _PRINTABLE.fullmatch(value):
        return False
    return option.path not in CHOICES or value in CHOICES[option.path]


def _form_problem(path: str, text: str) -> str:
    if not text and path in MAY_BE_EMPTY:
        return ""
    form = FORMS[path]
    reason = _CHECKS[form](text)
    return f"must be {form.value}, not {shown(text)}{f': {reason}' if reason != _WRONG else ''}" if reason else ""


_WRONG = "wrong"


def _matches(expression: str) -> Callable[[str], str]:
    pattern = re.compile(expression)
    return lambda text: "" if pattern.fullmatch(text) else _WRONG


_HOST = rf"(?i:(?![0-9]+$){patterns.HOST[0]})|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*"
# What net-ldap reads (net-ldap 0.16 lib/net/ldap/filter.rb, FilterParser), which stops in silence where it understands
# no more; here that is an error.
_LEAF = re.compile(
    r"\s*[-\w:.;]*\w\s*(?:<=|>=|!=|:=|=)\s*(?:[-\[\]{}\w*.+/:@=,#$%&!'^~\s]|[^\x00-\x7f]|\\[a-fA-F\d]{2})+", re.ASCII
)
_OPEN, _CLOSE = re.compile(r"\s*\(\s*"), re.compile(r"\s*\)\s*")
_DEEPEST = 40


def _filter_end(text: str, start: int, depth: int) -> int:
    """Where the filter in parentheses at ``start`` ends, -1 where there is none."""
    opened = _OPEN.match(text, start)
    if not opened or depth > _DEEPEST:
        return -1
    position = opened.end()
    mark = text[position : position + 1]
    if mark and mark in "&|!":
        position, parts = position + 1, 0
        while (after := _filter_end(text, position, depth + 1)) >= 0:
            position, parts = after, parts + 1
        if not parts or (mark == "!" and parts > 1):
            return -1
    else:
        leaf = _LEAF.match(text, position)
        position = leaf.end() if leaf else -1
    closed = _CLOSE.match(text, position) if position >= 0 else None
    return closed.end() if closed else -1


def _filter_problem(text: str) -> str:
    if _LEAF.fullmatch(text) or _filter_end(text, 0, 0) == len(text):
        return ""
    return "Portus' LDAP library would not read all of it"


_RUBY = (
    (r"\(\?<(?![=!])", "(?P<"),
    (r"\\[hH]", "[0-9a-f]"),
    (r"\\[zG]", r"\\Z"),
    (r"\\[RX]", "."),
    (r"\[:\^?(?:alnum|alpha|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]", r"\\w"),
    (r"\\[pP]\{\^?(?:Alnum|Alpha|Digit|Lower|Upper|Word|L|Lu|Ll|N|Nd|P|S|Z)\}", r"\\w"),
)
"""How Ruby writes what Python writes otherwise; enough to tell whether an expression is one."""


def _pattern_problem(text: str) -> str:
    if not text.strip():
        return "of nothing but spaces is as good as none"
    if "(?P" in text:
        return "Ruby writes names as (?<name>…)"
    for ruby, python in _RUBY:
        text = re.sub(ruby, python, text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)
    return ""


_CHECKS: dict[Form, Callable[[str], str]] = {
    Form.ADDRESS: _matches(r"[^@\s,<>()\[\]:;\"\\]+@[^@\s,<>()\[\]:;\"\\]+"),
    Form.NAME: _matches(r"[^()<>\[\]:;,\\\"]*"),
    Form.HOST: _matches(_HOST),
    Form.URL: _matches(
        rf"https?://(?i:{patterns.HOST[0]})(?::(?!0)(?:[0-9]{{1,4}}|[1-5][0-9]{{4}}|6[0-4][0-9]{{3}}|65[0-4][0-9]{{2}}))?(?:/[!-~]*)?"
    ),
    Form.ATTRIBUTE: _matches(r"[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+"),
    Form.FILTER: _filter_problem,
    Form.PATTERN: _pattern_problem,
}
