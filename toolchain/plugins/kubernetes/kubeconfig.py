"""Which cluster a kubeconfig selects, and as whom.

Source: `util.go` of pulumi-kubernetes, `parseKubeconfigString`, and client-go's loading rules: without any, the files
of `$KUBECONFIG`, then `~/.kube/config`, then the pod that this runs in.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from toolchain.plugins.framework import Properties, Value
from toolchain.plugins.kubernetes.objects import elements, mapping, text

IN_CLUSTER: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_NOT_LOADED: Final = "unable to load Kubernetes client configuration from kubeconfig file."
_NAMED_LISTS: Final = {"clusters": "cluster", "contexts": "context", "users": "user"}
_FILE_FIELDS: Final = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


class KubeconfigError(Exception):
    """There is no usable kubeconfig; the text says why without quoting it."""


def load_kubeconfig(given: str) -> Properties | None:
    """The document of a path, of a text, or of client-go's rules (`given` empty); None when these find no file.

    Raises:
        KubeconfigError: it cannot be read.
    """
    if given:
        return _parsed(given) if _is_document(given) or not _path(given).is_file() else _read(_path(given))
    variable = os.environ.get("KUBECONFIG", "")
    if _is_document(variable):
        return _parsed(variable)
    names = [name for name in variable.split(os.pathsep) if name]
    paths = [Path(name) for name in names] or [Path.home() / ".kube" / "config"]
    documents = [_read(path) for path in paths if path.is_file()]
    return _merged(documents) if documents else None


def selected_context(document: Mapping[str, Value], context: str, cluster: str) -> Properties:
    """The context that is used, with `cluster` in place of its own. Raises `KubeconfigError`."""
    name = context or text(document, "current-context")
    contexts = _named(document, "contexts")
    if name not in contexts and not (cluster and not name):
        raise KubeconfigError(f'{_NOT_LOADED} context "{name}" does not exist')
    found = contexts.get(name, {})
    return {**found, "cluster": cluster} if cluster else found


def active_cluster(kubeconfig: str, context: str, cluster: str) -> Properties | None:
    """The cluster entry that is used, None when there is none. Raises `KubeconfigError`."""
    document = load_kubeconfig(kubeconfig)
    if document is None:
        return None
    try:
        name = text(selected_context(document, context, cluster), "cluster")
    except KubeconfigError:
        return None
    return _named(document, "clusters").get(name)


def _is_document(given: str) -> bool:
    return "\n" in given or given.lstrip().startswith("{")


def _path(given: str) -> Path:
    return Path(given).expanduser() if given.startswith("~") else Path(given)


def _named(document: Mapping[str, Value], key: str) -> dict[str, Properties]:
    entries = elements(document.get(key))
    return {text(entry, "name"): mapping(mapping(entry).get(_NAMED_LISTS[key])) for entry in entries}


def _read(path: Path) -> Properties:
    try:
        document = _parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KubeconfigError(f"{_NOT_LOADED} {path}: {error.strerror}") from error
    return mapping(_absolute(document, path.parent))


def _parsed(given: str) -> Properties:
    import yaml  # noqa: PLC0415 - loaded with the first kubeconfig, not with the plugin

    try:
        document = yaml.safe_load(given)
    except yaml.YAMLError as error:
        raise KubeconfigError("failed to parse kubeconfig data in `kubernetes:config:kubeconfig`") from error
    if not isinstance(document, dict):
        raise KubeconfigError("failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- not a document")
    return document


def _absolute(value: Value, folder: Path) -> Value:
    """Files are named relative to the kubeconfig that names them."""
    if isinstance(value, Mapping):
        return {
            name: str(folder / item) if name in _FILE_FIELDS and isinstance(item, str) and item else
            _absolute(item, folder)
            for name, item in value.items()
        }  # fmt: skip
    return [_absolute(item, folder) for item in value] if isinstance(value, list) else value


def _merged(documents: list[Properties]) -> Properties:
    """The first file that names something decides it."""
    merged: Properties = {}
    for document in documents:
        for key, value in document.items():
            if key in _NAMED_LISTS:
                present = {text(entry, "name") for entry in elements(merged.get(key))}
                added = [entry for entry in elements(value) if text(entry, "name") not in present]
                merged[key] = [*elements(merged.get(key)), *added]
            else:
                merged[key] = merged.get(key) or value
    return merged
