"""Defaults and bounds, as docstrings tell them and as they are read: one that changes alone fails here."""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from typing_extensions import is_typeddict

from components.portus import args, image_args, kubernetes_args
from components.portus.args import PortusStackArgs
from components.portus.settings import settings_from_args
from components.portus.settings.reader import Reader
from tests.unit.portus import samples

READ = ("integer", "number", "boolean", "choice")
"""Methods of Reader that take a default which is no text."""


FOLLOWS = re.compile(
    r"portus\.generation|docker\.https_port|kubernetes\.(expose\..*_port|.*\.tolerations\.(effect|toleration_seconds))"
)
"""Arguments whose default follows from others, or is nothing that could be written; docstrings say what happens."""


def docstrings(module: object) -> dict[tuple[str, str], str]:
    """(group, argument) → docstring."""
    found = {}
    for group in ast.parse(inspect.getsource(module)).body:  # type: ignore[arg-type]
        if isinstance(group, ast.ClassDef):
            for field, text in zip(group.body, group.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                    assert isinstance(field.target, ast.Name)
                    assert isinstance(text.value, ast.Constant)
                    found[group.name, field.target.id] = str(text.value.value)
    return found


DOCSTRINGS = docstrings(args) | docstrings(image_args) | docstrings(kubernetes_args)


def documented(group: Any = PortusStackArgs, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, docstring) of every argument; a list's entries and a mapping's values have the path of their group."""
    for name, hint in get_type_hints(group, localns=samples.FORWARD_REFERENCES).items():
        here = f"{path}.{name}" if path else name
        yield here, DOCSTRINGS[group.__name__, name]
        for kind in (hint, *get_args(hint)):
            if is_typeddict(kind):
                yield from documented(kind, here)
            elif get_origin(kind) is list and is_typeddict(get_args(kind)[0]):
                yield from documented(get_args(kind)[0], here)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[object, tuple[object, ...]]]:
    """Path → default and what else the reader was told, for every argument of the complete samples."""
    found: dict[str, tuple[object, tuple[object, ...]]] = {}
    for method in READ:
        real = getattr(Reader, method)

        def reading(self: Reader, key: str, default: Any, *more: Any, real: Any = real) -> Any:
            path = re.sub(r"\[\d+\]", "", self.at(key))
            found.setdefault(path, (default, more))
            return real(self, key, default, *more)

        monkeypatch.setattr(Reader, method, reading)
    for one in (samples.MINIMAL, samples.COMPLETE, samples.FILESYSTEM, samples.ISSUED, *samples.KUBERNETES.values()):
        settings_from_args("test", one)
    return found


def spelled(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(getattr(default, "value", default))


def told(path: str) -> str:
    """What the docstring says of the default; a role's bounds stand with the role."""
    words = dict(documented())
    role, _, bound = path.rpartition(".")
    text = words[role if bound in ("memory_mib", "cpus") else path]
    return text.partition("Default: ")[2]


def test_default_in_the_docstring_is_the_one_that_is_read(asked: Mapping[str, tuple[object, Any]]) -> None:
    wrong = [
        f"{path}: {spelled(default)}, and not: {told(path)}"
        for path, (default, _) in asked.items()
        if not FOLLOWS.fullmatch(path)
        if not re.search(rf"(?<![\w.]){re.escape(spelled(default))}(?!\w)", told(path))
    ]
    assert wrong == []


def test_bounds_in_the_docstring_are_those_that_are_read(asked: Mapping[str, tuple[object, Any]]) -> None:
    words = dict(documented())
    wrong = [
        f"{path}: {more[0]} to {more[1]}, and not: {found[0]}"
        for path, (_, more) in asked.items()
        if len(more) > 1 and (found := re.search(r"(?<![\d.])(\d+) to (\d+)(?![\d.]\d)(?!\d)", words.get(path, "")))
        if not FOLLOWS.fullmatch(path) and (int(found[1]), int(found[2])) != more[:2]
    ]
    assert wrong == []


def test_what_follows_from_others_is_named_once(asked: Mapping[str, tuple[object, Any]]) -> None:
    assert {path.rpartition(".")[2] for path in asked if FOLLOWS.fullmatch(path)} == {
        *("generation", "https_port", "http_port", "effect", "toleration_seconds")
    }
