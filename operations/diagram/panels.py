"""What stands beneath the picture: the legend, who holds which key, and the networks."""

from .layout import WIDTH
from .scene import Holding, Scene
from .svg import CARD, CHANGE_WORDS, CHANGES, FAINT, INK, LINE, MUTED, PLAIN, TLS, Canvas, Style, shortened

_MARGIN, _PADDING, _ROW = 40.0, 22.0, 23.0
_MATRIX_WIDTH = 770.0
_WORD_WIDTH = 184.0
_ISSUERS = {
    "generated": "certificates from a CA of this stack's own",
    "provided": "the edge's certificate was provided",
    "issued": "cert-manager issues the edge's certificate",
}
_HEAD = Style(15, INK, bold=True)
_TEXT, _SMALL = Style(12, INK), Style(11, MUTED)


def draw_legend(canvas: Canvas, y: float) -> float:
    """One line that explains the signs; returns its base line."""
    x = _MARGIN
    for colour, dashes, words in ((TLS, None, "over TLS, certificate verified"), (PLAIN, "6 4", "not encrypted")):
        canvas.path(f"M{x:g},{y - 4:g} h34", colour, 1.8, arrow=True, stroke_dasharray=dashes)
        canvas.text(x + 44, y, words, _SMALL)
        x += 60 + len(words) * 6.2
    signs = "An arrow starts where the connection is opened. Numbers beside the key: secret files in the container."
    canvas.text(x + 6, y, signs, _SMALL)
    return y


def draw_panels(canvas: Canvas, scene: Scene, y: float) -> float:
    """Both panels, side by side; returns the height of the document."""
    matrix_height = 92 + _ROW * len(scene.holdings)
    networks_height = 66 + _ROW * len(scene.networks)
    height = max(matrix_height, networks_height)
    canvas.box((_MARGIN, y, _MATRIX_WIDTH, height), CARD, LINE, 12)
    _matrix(canvas, scene, _MARGIN + _PADDING, y + 32)
    if scene.networks:
        x = _MARGIN + _MATRIX_WIDTH + 22
        canvas.box((x, y, WIDTH - _MARGIN - x, height), CARD, LINE, 12)
        _networks(canvas, scene, x + _PADDING, y + 32)
    return y + height + _MARGIN


def _matrix(canvas: Canvas, scene: Scene, x: float, y: float) -> None:
    """A row for each certificate and secret, a column for each process."""
    canvas.text(x, y, "Who holds what", _HEAD)
    told = _ISSUERS[scene.recorded.issuers.get("edge", "generated")]
    canvas.text(x + 158, y, f"{told}; the CA's key is in the state alone", _SMALL)
    names = [node.process.name for node in scene.nodes]
    step = (_MATRIX_WIDTH - 2 * _PADDING - _WORD_WIDTH) / max(len(names), 1)
    columns = {name: x + _WORD_WIDTH + step * (index + 0.5) for index, name in enumerate(names)}
    for name, column in columns.items():
        canvas.text(column, y + 34, name.replace("_", " "), Style(10.5, MUTED, bold=True, anchor="middle"))
    for number, holding in enumerate(scene.holdings):
        line = y + 48 + _ROW * number
        canvas.path(f"M{x:g},{line:g} h{_MATRIX_WIDTH - 2 * _PADDING:g}", "#e2e8f0", 1)
        _holding(canvas, holding, x, line + 16)
        for name, column in columns.items():
            if name in holding.holders:
                canvas.dot(column, line + 12, 5, PLAIN if holding.secret else TLS)
            else:
                canvas.dot(column, line + 12, 1.4, FAINT)


def _holding(canvas: Canvas, holding: Holding, x: float, y: float) -> None:
    colour = CHANGES.get(holding.change, PLAIN if holding.secret else TLS)
    canvas.box((x, y - 10, 4, 12), colour, radius=2)
    mark = f"  {CHANGE_WORDS[holding.change][0]}" if holding.change else ""
    style = Style(12, colour if holding.change else INK, bold=bool(holding.change))
    canvas.text(x + 12, y, f"{holding.word}{mark}", style)


def _networks(canvas: Canvas, scene: Scene, x: float, y: float) -> None:
    canvas.text(x, y, scene.networks_title, _HEAD)
    right = WIDTH - _MARGIN - _PADDING
    for number, network in enumerate(scene.networks):
        line = y + 14 + _ROW * number
        canvas.path(f"M{x:g},{line:g} H{right:g}", "#e2e8f0", 1)
        mono = Style(11, CHANGES.get(network.change, INK), mono=True)
        mark = f"{CHANGE_WORDS[network.change][0]} " if network.change else ""
        canvas.text(x, line + 16, shortened(f"{mark}{network.name}", mono, right - x - 130), mono)
        canvas.text(right, line + 16, network.remark, Style(11, MUTED, anchor="end"))
