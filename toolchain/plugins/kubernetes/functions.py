"""The provider's functions (`invoke`)."""

from toolchain.plugins.framework import Properties, ProviderError, Value
from toolchain.plugins.kubernetes.kinds import CLUSTER_SCOPED
from toolchain.plugins.kubernetes.objects import elements, mapping, namespace_of, text, with_metadata


def decode_yaml(arguments: Properties) -> Properties:
    """`kubernetes:yaml:decode`: the objects of a text of several documents, lists taken apart."""
    import yaml  # noqa: PLC0415 - loaded with the first use, not with the plugin

    try:
        documents = list(yaml.safe_load_all(text(arguments, "text")))
    except yaml.YAMLError as error:
        raise ProviderError(f"failed to parse YAML: {error}") from error
    namespace = text(arguments, "defaultNamespace")
    found = [_placed(obj, namespace) for document in documents for obj in _objects(document)]
    return {"result": found}


def _objects(document: Value) -> list[Value]:
    if text(document, "kind").endswith("List") and isinstance(mapping(document).get("items"), list):
        return elements(mapping(document)["items"])
    return [document] if document else []


def _placed(obj: Value, namespace: str) -> Value:
    if not namespace or namespace_of(obj) or text(obj, "kind") in CLUSTER_SCOPED or not isinstance(obj, dict):
        return obj
    return with_metadata(obj, namespace=namespace)
