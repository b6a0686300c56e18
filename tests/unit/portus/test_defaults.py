"""Defaults and bounds, as docstrings tell them and as they are read: one that changes alone fails here."""

import ast
import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import pytest
import yaml
from typing_extensions import is_typeddict

from components.portus import args, backup_args, image_args, kubernetes_args, resources_args
from components.portus.args import PortusStackArgs
from components.portus.settings import settings_from_args
from components.portus.settings.reader import Reader
from tests.contract.project_files import ROOT
from tests.unit.portus import samples

READ = ("integer", "number", "boolean", "choice", "text", "texts")
"""Methods of Reader that take a default."""


FOLLOWS = re.compile(
    r"portus\.(generation|patches\.openid_connect)|administrator\.email|docker\.https_port|backup\..*\.root_directory"
    r"|kubernetes\.(namespace|shared_storage_class|expose\..*_port|.*\.tolerations\.(effect|toleration_seconds))"
)
"""Arguments whose default follows from others, or is nothing that could be written; docstrings say what happens."""
OTHER_BOUNDS = {
    "portus.generation": "1 (images 2.0 to 2.2) or 2",
    "certificates.early_renewal_hours": "less than half the validity",
    "kubernetes.expose.node_port.https_port": "30000 to 32767",
    "kubernetes.expose.node_port.http_port": "30000 to 32767; 0 for none",
}
"""Numbers whose bounds are told in other words than LOW to HIGH; rules in settings/ hold these."""


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


DOCSTRINGS = {
    key: text
    for module in (args, backup_args, image_args, kubernetes_args, resources_args)
    for key, text in docstrings(module).items()
}


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


Asked = dict[str, tuple[str, object, tuple[Any, ...]]]
"""Path → method of Reader, default, and what else it was told."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What was read for every argument of the complete samples, first of all those without any."""
    found: Asked = {}
    for method in READ:
        real = getattr(Reader, method)

        def reading(self: Reader, key: str, default: Any, *more: Any, real: Any = real, method: str = method) -> Any:
            found.setdefault(unnumbered(self.at(key)), (method, default, more))
            return real(self, key, default, *more)

        monkeypatch.setattr(Reader, method, reading)
    for one in (samples.MINIMAL, samples.COMPLETE, samples.FILESYSTEM, samples.ISSUED, *samples.KUBERNETES.values()):
        settings_from_args("test", one)
    return found


def unnumbered(path: str) -> str:
    """A path without the places in lists."""
    return re.sub(r"\[\d+\]", "", path)


def spelled(value: object) -> str:
    """As a docstring writes it; an image without its digest, an option of `ssh` without ``-o``."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return str(getattr(value, "value", value)).partition("@sha256:")[0].removeprefix("-o")


def told(path: str) -> str:
    """What the docstring says of the default; a role's bounds stand with the role."""
    words = dict(documented())
    role, _, bound = path.rpartition(".")
    text = words[role if bound in ("memory_mib", "cpus") else path]
    return text.partition("Default: ")[2].partition("\n")[0]


def names(text: str, value: object) -> bool:
    """Whether a text has the value as a word of its own."""
    return re.search(rf"(?<![\w.-]){re.escape(spelled(value))}(?![\w-])", text) is not None


def is_told(path: str, default: object) -> bool:
    """Whether the docstring tells this default: every value of it, or words where it is nothing."""
    if path.endswith(".memory_mib"):
        return names(told(path), f"{default} MiB")
    if path.endswith(".cpus"):
        return names(told(path), f"{spelled(default)} CPU{'' if default == 1 else 's'}")
    if isinstance(default, tuple) and default:
        return all(names(told(path), value) for value in default)
    first = re.split("[,;] ", told(path))[0]
    return names(first, default) if default not in (None, "", ()) else "``" not in first


def test_default_in_the_docstring_is_the_one_that_is_read(asked: Asked) -> None:
    wrong = [
        f"{path}: {default}, and not: {told(path)}"
        for path, (_, default, _) in asked.items()
        if not FOLLOWS.fullmatch(path) and not is_told(path, default)
    ]
    assert wrong == []


def test_bounds_in_the_docstring_are_those_that_are_read(asked: Asked) -> None:
    words = dict(documented())
    wrong = [
        f"{path}: {bounds}, and not: {words[path]}"
        for path, (method, _, more) in asked.items()
        if method in ("integer", "number")
        if (bounds := OTHER_BOUNDS.get(path) or f"{spelled(more[0])} to {spelled(more[1])}") not in words[path]
    ]
    assert wrong == []


def test_words_that_can_be_chosen_are_in_the_docstring(asked: Asked) -> None:
    words = dict(documented())
    choices = {path: more[0] for path, (method, _, more) in asked.items() if method == "choice" and path != "target"}
    assert [f"{path}: {one}" for path, all_ in choices.items() for one in all_ if not names(words[path], one)] == []


def test_every_argument_that_can_have_a_default_was_read(asked: Asked) -> None:
    """So that none is left out of the tests above."""
    kinds = ("text", "texts", "boolean", "integer", "number", "choice")
    paths = {unnumbered(samples.spelled(path)) for path, kind in samples.leaves() if kind in kinds}
    assert paths <= set(asked)


def test_what_is_named_here_is_there(asked: Asked) -> None:
    assert set(OTHER_BOUNDS) <= set(asked)
    assert {path.rpartition(".")[2] for path in asked if FOLLOWS.fullmatch(path)} == {
        *("generation", "openid_connect", "email", "namespace", "shared_storage_class"),
        *("https_port", "http_port", "effect", "toleration_seconds", "root_directory"),
    }


def test_defaults_in_the_descriptions_of_pulumi_yaml_are_those_that_are_read(asked: Asked) -> None:
    """Nested groups have no defaults of their own there, so the descriptions tell them: ``protect (true)``."""
    config = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    described = [
        (f"{key}.{name}", words)
        for key, one in config.items()
        for name, words in re.findall(r"(\w+) \(([^)]*)\)", one["description"])
    ]
    compared = {path: words for path, words in described if path in asked}
    assert [f"{path} ({words})" for path, words in compared.items() if not names(words, asked[path][1])] == []
    assert {"certificates.early_renewal_hours", "data.protect", "docker.bind_address"} <= set(compared)
