"""The few SVG elements that the picture is made of. Text is escaped by the library."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

_NAMESPACE = "http://www.w3.org/2000/svg"
_SANS = "system-ui, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"
_MONO = "ui-monospace, 'SF Mono', Menlo, 'DejaVu Sans Mono', monospace"
_SANS_WIDTH, _BOLD_WIDTH, _MONO_WIDTH = 0.55, 0.66, 0.61
"""Average width of a character, in its size."""
register_namespace("", _NAMESPACE)

INK, MUTED, FAINT, LINE, PAPER, CARD = "#0f172a", "#475569", "#94a3b8", "#cbd5e1", "#f8fafc", "#ffffff"
TLS, PLAIN, DATA, ACCENT, TASK = "#15803d", "#b45309", "#0f766e", "#2563eb", "#7c3aed"
CHANGES = {"create": "#15803d", "update": "#b45309", "replace": "#7c3aed", "delete": "#b91c1c"}
CHANGE_WORDS = {"create": "+ new", "update": "~ changed", "replace": "↻ replaced", "delete": "\N{MINUS SIGN} removed"}


@dataclass(frozen=True)
class Style:
    """How a text looks; ``size`` in px."""

    size: float = 12
    colour: str = INK
    bold: bool = False
    mono: bool = False
    anchor: str = "start"


def width_of(text: str, style: Style) -> float:
    """About how wide a text will be, in px."""
    return len(text) * style.size * _character(style)


def _character(style: Style) -> float:
    return _MONO_WIDTH if style.mono else _BOLD_WIDTH if style.bold else _SANS_WIDTH


def shortened(text: str, style: Style, width: float) -> str:
    """``text``, its middle left out where it is wider than ``width`` px: the end of an image name tells most."""
    room = int(width / (style.size * _character(style)))
    if len(text) <= room:
        return text
    return f"{text[: room // 3]}…{text[len(text) - (room - room // 3 - 1) :]}"


class Canvas:
    """An SVG document, or a group of one."""

    def __init__(self, element: Element) -> None:
        self._element = element

    @classmethod
    def document(cls, title: str, description: str) -> "Canvas":
        """An empty document with what a screen reader says of it."""
        root = Element(f"{{{_NAMESPACE}}}svg", {"role": "img", "font-family": _SANS})
        canvas = cls(root)
        canvas._add("title").text = title
        canvas._add("desc").text = description
        canvas._arrowheads()
        return canvas

    def _arrowheads(self) -> None:
        definitions = self._add("defs")
        for colour in (TLS, PLAIN, FAINT, *CHANGES.values()):
            marker = SubElement(
                definitions,
                f"{{{_NAMESPACE}}}marker",
                {"id": _marker(colour), "viewBox": "0 0 10 10", "refX": "9", "refY": "5", "markerWidth": "7"}
                | {"markerHeight": "7", "orient": "auto-start-reverse"},
            )
            SubElement(marker, f"{{{_NAMESPACE}}}path", {"d": "M0,1 L10,5 L0,9 Z", "fill": colour})

    def sized(self, width: float, height: float) -> str:
        """The document as text, ``width`` by ``height`` px on paper."""
        self._element.set("viewBox", f"0 0 {width:g} {height:g}")
        self._element.set("width", f"{width:g}")
        self._element.set("height", f"{height:g}")
        return tostring(self._element, encoding="unicode") + "\n"

    def group(self, title: str = "", opacity: float = 1) -> "Canvas":
        """A group; ``title`` shows when the mouse rests on it."""
        group = Canvas(self._add("g", opacity=opacity if opacity != 1 else None))
        if title:
            group._add("title").text = title
        return group

    def box(
        self,
        place: tuple[float, float, float, float],
        fill: str,
        stroke: str = "none",
        radius: float = 10,
        **more: object,
    ) -> None:
        """A rectangle at ``place`` (x, y, width, height)."""
        x, y, width, height = place
        self._add("rect", x=x, y=y, width=width, height=height, rx=radius, fill=fill, stroke=stroke, **more)

    def text(self, x: float, y: float, text: str, style: Style) -> None:
        """A line of text, ``y`` its base line."""
        element = self._add("text", x=x, y=y, font_size=style.size, fill=style.colour, text_anchor=style.anchor)
        element.text = text
        if style.bold:
            element.set("font-weight", "600")
        if style.mono:
            element.set("font-family", _MONO)

    def path(self, commands: str, stroke: str, width: float = 1.6, arrow: bool = False, **more: object) -> None:
        """A line; ``arrow`` puts a head at its end."""
        head = f"url(#{_marker(stroke)})" if arrow else None
        self._add("path", d=commands, fill="none", stroke=stroke, stroke_width=width, marker_end=head, **more)

    def shape(self, commands: str, fill: str, stroke: str = "none", **more: object) -> None:
        """A filled form."""
        self._add("path", d=commands, fill=fill, stroke=stroke, **more)

    def dot(self, x: float, y: float, radius: float, fill: str) -> None:
        """A filled circle."""
        self._add("circle", cx=x, cy=y, r=radius, fill=fill)

    def _add(self, tag: str, **attributes: object) -> Element:
        written = {key.replace("_", "-"): _number(value) for key, value in attributes.items() if value is not None}
        return SubElement(self._element, f"{{{_NAMESPACE}}}{tag}", written)


def badge(canvas: Canvas, right: float, y: float, text: str, colour: str) -> float:
    """A coloured label whose right upper corner is at ``right``, ``y``; returns its width in px."""
    style = Style(10.5, "#ffffff", bold=True)
    width = width_of(text, style) + 14
    canvas.box((right - width, y, width, 17), colour, radius=8.5)
    canvas.text(right - width / 2, y + 12.2, text, replace(style, anchor="middle"))
    return width


def polyline(points: Sequence[tuple[float, float]]) -> str:
    """Path commands through ``points``."""
    return "M" + " L".join(f"{x:g},{y:g}" for x, y in points)


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _marker(colour: str) -> str:
    return f"arrow-{colour.lstrip('#')}"
