"""Draws a scene: cards for processes, arrows for links; what stands beneath them is in ``panels``."""

from ..recorded import OUTSIDE
from .layout import ELSEWHERE, WIDTH, Box, Way, bottom_of, boxes_of, ways_of
from .panels import draw_legend, draw_panels
from .scene import Node, Scene, Wire
from .svg import (
    ACCENT,
    CARD,
    CHANGE_WORDS,
    CHANGES,
    DATA,
    FAINT,
    INK,
    LINE,
    MUTED,
    PAPER,
    PLAIN,
    TASK,
    TLS,
    Canvas,
    Style,
    badge,
    shortened,
    width_of,
)

_TOP, _MARGIN = 128.0, 40.0
_UNCHANGED = 0.42
_DIGEST_DIGITS = 8
_TITLE, _SUBTITLE = Style(24, bold=True), Style(13, MUTED)
_WORDS = {"create": "to create", "update": "to change", "replace": "to replace", "delete": "to remove"}


def draw(scene: Scene, note: str = "") -> str:
    """The scene as an SVG document; ``note`` is a warning beside the title."""
    recorded = scene.recorded
    leaves = any(wire.link.destination == OUTSIDE for wire in scene.wires)
    boxes = boxes_of([node.process.name for node in scene.nodes], leaves, _TOP)
    canvas = Canvas.document(
        f"{recorded.name}: a PortusStack on {recorded.target}",
        "; ".join(f"{wire.link.source} to {wire.link.destination}: {_label(wire)}" for wire in scene.wires),
    )
    canvas.box((0, 0, WIDTH, 20000), PAPER, radius=0)  # what is too long is cut by the view box
    _heading(canvas, scene, note)
    for wire, way in zip(scene.wires, ways_of([wire.link for wire in scene.wires], boxes), strict=True):
        _wire(canvas, wire, way, scene.marked)
    for node in scene.nodes:
        if node.process.name in boxes:
            _card(canvas, node, boxes[node.process.name], scene)
    _outsiders(canvas, boxes[OUTSIDE], "people and", "docker clients")
    if ELSEWHERE in boxes:
        _outsiders(canvas, boxes[ELSEWHERE], "services", "outside this stack")
    y = draw_legend(canvas, bottom_of(boxes) + 18)
    return canvas.sized(WIDTH, draw_panels(canvas, scene, y + 16))


def _heading(canvas: Canvas, scene: Scene, note: str) -> None:
    recorded = scene.recorded
    canvas.text(_MARGIN, 52, recorded.name, _TITLE)
    addresses = (
        recorded.portus if recorded.portus == recorded.registry else f"{recorded.portus}  ·  {recorded.registry}"
    )
    canvas.text(_MARGIN, 78, f"PortusStack on {recorded.target}  ·  {addresses}", _SUBTITLE)
    if scene.marked:
        told = ", ".join(f"{count} {_WORDS[change]}" for change, count in scene.changes.items())
        x = WIDTH - _MARGIN
        for change in reversed(CHANGE_WORDS):
            x -= badge(canvas, x, 90, CHANGE_WORDS[change], CHANGES[change]) + 8
        canvas.text(_MARGIN, 102, f"what `up` would do: {told or 'nothing'}", Style(13, INK, bold=True))
    if note:
        canvas.text(WIDTH - _MARGIN, 52, note, Style(12, CHANGES["delete"], bold=True, anchor="end"))


def _label(wire: Wire) -> str:
    return f"{wire.link.port} TLS" if wire.link.tls else f"{wire.link.port} plain"


def _wire(canvas: Canvas, wire: Wire, way: Way, marked: bool) -> None:
    link, colour = wire.link, TLS if wire.link.tls else PLAIN
    over = f", over {wire.network}" if wire.network else ""
    told = f"{link.source} → {link.destination}, port {link.port}, {'TLS' if link.tls else 'no TLS'}: {link.why}{over}"
    faded = marked and not wire.change
    group = canvas.group(told, _UNCHANGED if faded else 1)
    group.path(way.commands, PAPER, 6)
    colour = CHANGES.get(wire.change, colour)
    style = Style(11, colour, bold=True, anchor=way.anchor)
    dashes = None if link.tls else "6 4"
    group.path(way.commands, colour, 1.8, arrow=True, stroke_dasharray=dashes)
    (x, y), width = way.label, width_of(_label(wire), style) + 10
    if way.anchor == "middle":
        group.box((x - width / 2, y - 11, width, 15), PAPER, radius=3)
    group.text(x, y, _label(wire), style)


def _card(canvas: Canvas, node: Node, box: Box, scene: Scene) -> None:
    process, is_task = node.process, node.process.kind == "task"
    colour = TASK if is_task else ACCENT
    group = canvas.group(f"{process.name}: {process.image}", _UNCHANGED if scene.marked and not node.change else 1)
    stroke = CHANGES.get(node.change, LINE)
    group.box((box.x, box.y + 2, box.width, box.height), LINE, radius=12, opacity=0.5)
    group.box((box.x, box.y, box.width, box.height), CARD, stroke, 12, stroke_width=2 if node.change else 1)
    left, top = box.x + 16, box.y + (box.height - 124) / 2
    group.box((box.x, box.y + 12, 4, box.height - 24), colour, radius=2)
    group.text(left, top + 28, process.name, Style(15, INK, bold=True))
    right = box.x + box.width - 12
    if node.change:
        badge(group, right, top + 15, CHANGE_WORDS[node.change], CHANGES[node.change])
    elif is_task:
        group.text(right, top + 28, "task", Style(11, TASK, bold=True, anchor="end"))
    elif node.host:
        group.text(right, top + 28, f"on {node.host}", Style(11, ACCENT, bold=True, anchor="end"))
    image = Style(10.5, MUTED, mono=True)
    group.text(left, top + 49, shortened(_image(process.image), image, box.width - 28), image)
    many = f"{process.replicas} \N{MULTIPLICATION SIGN}  " if process.replicas > 1 else ""
    group.text(left, top + 69, f"{many}≤ {process.memory_mib} MiB  ·  ≤ {process.cpus:g} CPU", Style(11.5, MUTED))
    user = "the image's user" if not process.user else f"user {process.user}"
    root = "read-only root" if process.read_only_root else "writable root"
    group.text(left, top + 87, f"{user}  ·  {root}", Style(11.5, MUTED))
    _footer(group, node, left, top + 101, scene)


def _image(reference: str) -> str:
    """``registry:2.8.3 @a3d8aaa6``: enough of a digest to tell it from another."""
    name, pinned, digest = reference.partition("@sha256:")
    return f"{name} @{digest[:_DIGEST_DIGITS]}" if pinned else name


def _footer(group: Canvas, node: Node, left: float, y: float, scene: Scene) -> None:
    """Its data, its server certificate, how many secrets it is given."""
    x = left
    process = node.process
    if process.data:
        _cylinder(group, x, y)
        group.text(x + 17, y + 10, process.data, Style(10.5, DATA, mono=True))
        x += 17 + len(process.data) * 6.5 + 12
    if process.name in scene.recorded.issuers:
        _padlock(group, x, y)
        group.text(x + 16, y + 10, "TLS", Style(10.5, TLS, bold=True))
        x += 46
    if process.secrets:
        _key(group, x, y)
        group.text(x + 22, y + 10, str(len(process.secrets)), Style(10.5, PLAIN, bold=True))


def _outsiders(canvas: Canvas, box: Box, *words: str) -> None:
    canvas.box((box.x, box.y, box.width, box.height), PAPER, FAINT, 12, stroke_dasharray="5 5")
    middle, centre = box.x + box.width / 2, box.y + box.height / 2
    canvas.dot(middle, centre - 32, 8, FAINT)
    canvas.shape(f"M{middle - 15:g},{centre - 5:g} q15,-24 30,0 Z", FAINT)
    for number, word in enumerate(words):
        canvas.text(middle, centre + 18 + 16 * number, word, Style(12, MUTED, anchor="middle"))


def _cylinder(canvas: Canvas, x: float, y: float) -> None:
    canvas.shape(f"M{x:g},{y + 2:g} v8 a6,2.4 0 0 0 12,0 v-8 Z", "#ccfbf1", DATA, stroke_width=1.1)
    canvas.shape(f"M{x:g},{y + 2:g} a6,2.4 0 0 0 12,0 a6,2.4 0 0 0 -12,0 Z", CARD, DATA, stroke_width=1.1)


def _padlock(canvas: Canvas, x: float, y: float) -> None:
    canvas.path(f"M{x + 3:g},{y + 5:g} v-2 a3,3 0 0 1 6,0 v2", TLS, 1.5)
    canvas.box((x + 1, y + 5, 10, 7), TLS, radius=1.5)


def _key(canvas: Canvas, x: float, y: float) -> None:
    canvas.path(f"M{x + 8:g},{y + 6:g} h9 v3 m-3,-3 v2.4", PLAIN, 1.6)
    canvas.path(f"M{x + 1:g},{y + 6:g} a3.4,3.4 0 1 0 6.8,0 a3.4,3.4 0 1 0 -6.8,0", PLAIN, 1.6)
