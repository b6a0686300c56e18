"""What would change: the last state against the planned one, property by property.

Follows the detailed diff of pulumi-terraform-bridge v3.137 (`pkg/tfbridge/detailed_diff.go`).
"""

from collections.abc import Mapping
from difflib import SequenceMatcher

from toolchain.plugins.docker.planning import DEFAULTS, plan, same, set_key
from toolchain.plugins.docker.schema import ZERO, Kind, Property, ResourceSchema, Schema
from toolchain.plugins.framework import UNKNOWN, Diff, DiffKind, DiffRequest, Properties, Value

Changes = dict[str, DiffKind]
_Pair = tuple[Value, Value]  # before, after
_Objects = tuple[Mapping[str, Value], Mapping[str, Value]]
_Lists = tuple[list[Value], list[Value]]

_REPLACING = {
    DiffKind.ADD: DiffKind.ADD_REPLACE,
    DiffKind.DELETE: DiffKind.DELETE_REPLACE,
    DiffKind.UPDATE: DiffKind.UPDATE_REPLACE,
}


def compare(schema: ResourceSchema, request: DiffRequest) -> Diff:
    """The diff of a resource whose state is `request.olds`."""
    prior = request.olds
    planned = plan(schema, prior, request.news)
    detailed: Changes = {}
    for name, item in schema.properties.items():
        if not _suppressed(name, item, prior.get(name), planned.get(name)):
            detailed.update(_changes(name, item, (prior.get(name), planned.get(name)), request.news.get(name)))
    detailed = {path: kind for path, kind in detailed.items() if not _ignored(path, request.ignore_changes)}
    replaces = {_top(path) for path, kind in detailed.items() if kind in _REPLACING.values()}
    stables = [name for name, item in schema.properties.items() if item.replaces and name not in replaces]
    named_by_program = "name" in request.news and "name" not in _defaults(request.news)
    delete_first = schema.always_delete_first or (schema.autonamed and named_by_program)
    return Diff(
        changed=bool(detailed),
        replaces=sorted(replaces),
        stables=stables,
        diffs=sorted({_top(path) for path in detailed}),
        detailed=detailed,
        delete_before_replace=bool(replaces) and delete_first,
    )


def _suppressed(name: str, item: Property, old: Value, new: Value) -> bool:
    if name == "ports" and isinstance(old, list) and isinstance(new, list):
        return _same_ports(old, new)
    return same(old, new, item) if item.kind in ZERO or item.kind is Kind.SET else old == new


def _same_ports(old: list[Value], new: list[Value]) -> bool:
    """Ports are the same in any order; the number that Docker chose is not compared with none."""
    return len(old) == len(new) and sorted(map(set_key, old)) == sorted(map(set_key, new))


def _changes(path: str, item: Property, pair: _Pair, wanted: Value, replaces: bool = False) -> Changes:
    replaces = replaces or item.replaces
    old, new = _present(pair[0], item), _present(pair[1], item)
    if old is None or new is None or new is UNKNOWN or old is UNKNOWN:
        return _short(path, item, old, new, replaces)
    if item.kind is Kind.OBJECT and isinstance(old, Mapping) and isinstance(new, Mapping):
        return _object_changes(path, item.fields, (old, new), wanted, replaces)
    if item.kind is Kind.MAP and isinstance(old, Mapping) and isinstance(new, Mapping):
        return _map_changes(path, old, new, replaces)
    if item.kind is Kind.SET and isinstance(old, list) and isinstance(new, list):
        return _set_changes(path, item, (old, new), wanted, replaces)
    if item.kind is Kind.LIST and isinstance(old, list) and isinstance(new, list):
        return _list_changes(path, item, old, new, replaces)
    return {} if old == new else {path: _kind(DiffKind.UPDATE, replaces)}


def _present(value: Value, item: Property) -> Value:
    """Empty lists and sets count as absent."""
    return None if item.kind in (Kind.LIST, Kind.SET) and value == [] else value


def _short(path: str, item: Property, old: Value, new: Value, replaces: bool) -> Changes:
    if old is None and new is None:
        return {}
    kind = DiffKind.ADD if old is None else DiffKind.DELETE if new is None else DiffKind.UPDATE
    shown = new if new is not None and new is not UNKNOWN else old
    return {path: _kind(kind, replaces or _holds_replacing(shown, item))}


def _holds_replacing(value: Value, item: Property) -> bool:
    """Whether a field of the block that appears or goes replaces the resource."""
    elements = value if isinstance(value, list) else [value]
    blocks = [element for element in elements if isinstance(element, Mapping)]
    return any(
        field.replaces or _holds_replacing(block.get(name), field)
        for block in blocks
        for name, field in item.fields.items()
        if block.get(name) not in (None, [])
    )


def _object_changes(path: str, fields: Schema, pair: _Objects, wanted: Value, replaces: bool) -> Changes:
    old, new = pair
    changes: Changes = {}
    inner = wanted if isinstance(wanted, Mapping) else {}
    for name, item in fields.items():
        before, after = old.get(name), new.get(name)
        if not (item.kind in ZERO and same(before, after, item)):
            changes.update(_changes(f"{path}.{name}", item, (before, after), inner.get(name), replaces))
    return changes


def _map_changes(path: str, old: Mapping[str, Value], new: Mapping[str, Value], replaces: bool) -> Changes:
    item = Property(Kind.STRING)
    changes: Changes = {}
    for key in sorted({*old, *new}):
        step = f".{key}" if key.isidentifier() else f'["{key}"]'
        changes.update(_changes(path + step, item, (old.get(key), new.get(key)), None, replaces))
    return changes


def _set_changes(path: str, item: Property, pair: _Lists, wanted: Value, replaces: bool) -> Changes:
    old, new = pair
    old_keys, new_keys = [set_key(value) for value in old], [set_key(value) for value in new]
    removed = {index: old[index] for index, key in enumerate(old_keys) if key not in new_keys}
    added = [new[index] for index, key in enumerate(new_keys) if key not in old_keys]
    places = _places(added, wanted if isinstance(wanted, list) else [], item)
    if places is None:
        return {path: _kind(DiffKind.UPDATE, replaces)}
    element = Property(Kind.OBJECT if item.fields else Kind.STRING, fields=item.fields)
    changes: Changes = {}
    for index in sorted({*removed, *places}):
        at = f"{path}[{index}]"
        changes.update(_changes(at, element, (removed.get(index), places.get(index)), None, replaces))
    return changes


def _places(added: list[Value], wanted: list[Value], item: Property) -> dict[int, Value] | None:
    """Where in the program's list the new elements stand; None when they cannot all be found."""
    places: dict[int, Value] = {}
    for value in added:
        free = [index for index in range(len(wanted)) if index not in places]
        index = next((index for index in free if _comes_from(value, wanted[index], item)), None)
        if index is None:
            return None
        places[index] = value
    return places


def _comes_from(value: Value, asked: Value, item: Property) -> bool:
    """Whether an element of the plan can be the program's: a field that Terraform made "" out of nothing cannot."""
    if not (isinstance(value, Mapping) and isinstance(asked, Mapping)):
        return value == asked
    return all(_field_comes_from(value.get(name), asked.get(name), field) for name, field in item.fields.items())


def _field_comes_from(value: Value, asked: Value, item: Property) -> bool:
    if asked is None and item.computed:
        return True
    if item.is_collection or item.kind is Kind.OBJECT:
        return not value if asked is None else value is not None
    return value == asked


def _list_changes(path: str, item: Property, old: list[Value], new: list[Value], replaces: bool) -> Changes:
    changes: Changes = {}
    if item.fields:
        element = Property(Kind.OBJECT, fields=item.fields)
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            changes.update(_changes(f"{path}[{index}]", element, (before, after), None, replaces))
        return changes
    edits = SequenceMatcher(a=[set_key(v) for v in old], b=[set_key(v) for v in new], autojunk=False).get_opcodes()
    for tag, start, end, new_start, new_end in edits:
        if tag == "equal":
            continue
        gone = {f"{path}[{index}]" for index in range(start, end)}
        come = {f"{path}[{index}]" for index in range(new_start, new_end)}
        for at in gone | come:
            both = (at in gone and at in come) or at in changes
            kind = DiffKind.UPDATE if both else DiffKind.DELETE if at in gone else DiffKind.ADD
            changes[at] = _kind(kind, replaces)
    return changes


def _kind(kind: DiffKind, replaces: bool) -> DiffKind:
    return _REPLACING[kind] if replaces else kind


def _top(path: str) -> str:
    return path.split(".", 1)[0].split("[", 1)[0]


def _ignored(path: str, ignore_changes: object) -> bool:
    prefixes = ignore_changes if isinstance(ignore_changes, list) else []
    return any(path == prefix or path.startswith((f"{prefix}.", f"{prefix}[")) for prefix in prefixes)


def _defaults(inputs: Properties) -> list[Value]:
    names = inputs.get(DEFAULTS)
    return names if isinstance(names, list) else []
