"""Reads an nginx configuration as nginx does: words, quotes, blocks. For tests only; it knows no directive."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(r"""\s+|\#[^\n]*|(?P<word>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|(?:\\.|[^\s{};"'\\])+)""")
_QUOTES = "\"'"


@dataclass
class Directive:
    """``words`` up to ``;`` or ``{``; ``block`` is what stands in the braces."""

    words: list[str]
    block: list["Directive"] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.words[0]

    def all(self, *words: str) -> list["Directive"]:
        """The directives of the block that begin with ``words``."""
        return [one for one in self.block if one.words[: len(words)] == list(words)]

    def one(self, *words: str) -> "Directive":
        found = self.all(*words)
        assert len(found) == 1, f"{len(found)} times {' '.join(words)}"
        return found[0]


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match, f"no word of nginx at {text[position : position + 40]!r}"
        position = match.end()
        if match["word"]:
            yield match["word"]


def _block(tokens: Iterator[str], depth: int) -> list[Directive]:
    found: list[Directive] = []
    words: list[str] = []
    for token in tokens:
        if token == ";":
            found.append(Directive(words))
            words = []
        elif token == "{":
            found.append(Directive(words, _block(tokens, depth + 1)))
            words = []
        elif token == "}":
            assert not words and depth, f"}} after {words}"
            return found
        else:
            words.append(token[1:-1] if token[0] in _QUOTES else token)
    assert not words and not depth, f"the end after {words}"
    return found


def parse(text: str) -> Directive:
    """The whole configuration as the block of a nameless directive; AssertionError for braces or quotes alone."""
    return Directive([""], _block(_tokens(text), 0))
