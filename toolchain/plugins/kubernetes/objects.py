"""Small typed views on Kubernetes objects, which are nested property values."""

from collections.abc import Mapping

from toolchain.plugins.framework import UNKNOWN, Properties, Secret, Value

AUTONAMED = "pulumi.com/autonamed"
DEFAULT_NAMESPACE = "default"


def at(value: Value, *path: str) -> Value:
    """What is at the end of `path`; None where it leads nowhere."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def mapping(value: Value) -> Properties:
    """A map as a new dictionary, empty for anything else."""
    return dict(value) if isinstance(value, Mapping) else {}


def elements(value: Value) -> list[Value]:
    """A list as a new list, empty for anything else."""
    return list(value) if isinstance(value, list) else []


def text(value: Value, *path: str) -> str:
    """The text at the end of `path`, else an empty one."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def number(value: Value, *path: str) -> int:
    """The integer at the end of `path`, else 0."""
    found = at(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def name_of(obj: Value) -> str:
    return text(obj, "metadata", "name")


def namespace_of(obj: Value) -> str:
    return text(obj, "metadata", "namespace")


def uid_of(obj: Value) -> str:
    return text(obj, "metadata", "uid")


def annotation(obj: Value, name: str) -> str:
    return text(obj, "metadata", "annotations", name)


def is_autonamed(obj: Value) -> bool:
    return annotation(obj, AUTONAMED) == "true"


def qualified_name(obj: Value) -> str:
    """`namespace/name`, or `name` of what has no namespace: the id of a resource."""
    namespace = namespace_of(obj)
    return f"{namespace}/{name_of(obj)}" if namespace else name_of(obj)


def parse_id(resource_id: str) -> tuple[str, str]:
    """Namespace (may be empty) and name of an id."""
    namespace, _, name = resource_id.rpartition("/")
    return namespace, name


def with_metadata(obj: Properties, **changes: Value) -> Properties:
    """A copy with some fields of its metadata set; None removes one."""
    metadata = {**mapping(obj.get("metadata")), **changes}
    return {**obj, "metadata": {name: value for name, value in metadata.items() if value is not None}}


def conditions(obj: Value) -> dict[str, Value]:
    """The conditions of an object's status, by type."""
    return {text(condition, "type"): condition for condition in elements(at(obj, "status", "conditions"))}


def plain(value: Value) -> Value:
    """The value with nothing marked as secret."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def plain_properties(properties: Mapping[str, Value]) -> Properties:
    return {name: plain(value) for name, value in properties.items()}


def known(value: Value) -> Value:
    """The value without what is unknown."""
    if isinstance(value, Mapping):
        return {name: known(item) for name, item in value.items() if item is not UNKNOWN}
    return [known(item) for item in value if item is not UNKNOWN] if isinstance(value, list) else value
