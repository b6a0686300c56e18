"""The figures as a picture: how far each is from its bar."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from benchmarks.measure import Row

_WIDTH, _LEFT, _ROW, _TOP = 1000.0, 470.0, 34.0, 44.0
_BAR_AT = 0.6
"""Where the bar stands on the scale: to its left is met, to its right is missed."""
_MET, _MISSED, _WITHIN, _INK, _LINE = "#15803d", "#b91c1c", "#b45309", "#0f172a", "#94a3b8"


def plot(rows: Sequence[Row]) -> str:
    """An SVG document: a point for each median, a line for its spread, in shares of the bar."""
    height = _TOP + _ROW * len(rows) + 20
    root = Element(
        "svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {_WIDTH:g} {height:g}", "role": "img"}
    )
    root.set("font-family", "system-ui, 'DejaVu Sans', sans-serif")
    SubElement(root, "title").text = "Figures against their bars"
    SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "#f8fafc"})
    bar = str(_place(1))
    SubElement(root, "line", {"x1": bar, "x2": bar, "y1": "30", "y2": f"{height - 12:g}", "stroke": _LINE})
    _text(root, _place(1), 22, "the bar", "middle")
    for number, row in enumerate(rows):
        _draw(root, row, _TOP + _ROW * (number + 0.5))
    return tostring(root, encoding="unicode") + "\n"


def _draw(root: Element, row: Row, y: float) -> None:
    colour = _MET if row.met else _MISSED if row.missed else _WITHIN
    least, most = sorted((_place(_share(row, min(row.values))), _place(_share(row, max(row.values)))))
    _text(root, _LEFT - 16, y + 4, row.name, "end")
    spread = {
        "x1": f"{least:g}",
        "x2": f"{most:g}",
        "y1": f"{y:g}",
        "y2": f"{y:g}",
        "stroke": colour,
        "stroke-width": "3",
    }
    SubElement(root, "line", spread)
    x = _place(_share(row, row.median))
    SubElement(root, "circle", {"cx": f"{x:g}", "cy": f"{y:g}", "r": "6", "fill": colour})
    _text(root, x, y - 10, f"{row.median:.2f} {row.unit}".strip(), "middle")


def _share(row: Row, value: float) -> float:
    """Of the bar: below 1 is better, for lower bounds too."""
    return row.bar / value if row.at_least else value / row.bar


def _place(share: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - 40) * min(share * _BAR_AT, 1.0)


def _text(root: Element, x: float, y: float, words: str, anchor: str) -> None:
    attributes = {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor, "font-size": "12", "fill": _INK}
    SubElement(root, "text", attributes).text = words
