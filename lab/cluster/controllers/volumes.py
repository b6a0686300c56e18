"""Volumes of the default StorageClass: folders of this machine, which every node reaches as it would a network storage.

They are volumes of kind ``local``, not ``hostPath``: for those the kubelet gives files to the pod's ``fsGroup``, as it
does for real storage. Size is not enforced.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from lab.cluster.addons import PROVISIONER
from lab.cluster.api import Api, Object
from lab.cluster.fields import names, part, text, texts

PATHS = (
    "/api/v1/persistentvolumeclaims",
    "/api/v1/persistentvolumes",
    "/apis/storage.k8s.io/v1/storageclasses",
)
_VOLUMES = "/api/v1/persistentvolumes"
_CHOSEN_NODE = "volume.kubernetes.io/selected-node"
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"


class Provisioner:
    """Makes, grows and removes the volumes of one cluster."""

    def __init__(self, api: Api, folder: Path) -> None:
        """``folder`` holds the volumes."""
        self._api, self._folder = api, folder

    def work(self, collections: list[list[Object]]) -> None:
        """Bring volumes and claims together. Raises ApiError."""
        claims, volumes, classes = collections
        existing = {text(volume, "metadata", "name"): volume for volume in volumes}
        ours = {text(kind, "metadata", "name"): kind for kind in classes if kind.get("provisioner") == PROVISIONER}
        for claim in claims:
            kind = ours.get(text(claim, "spec", "storageClassName"))
            if kind is None:
                continue
            volume = existing.get(volume_name(claim))
            if volume is None and wants_volume(claim, kind):
                self._make(claim, kind)
            elif volume is not None and wants_growth(claim, volume):
                self._grow(claim)
        for name, volume in existing.items():
            if is_to_be_removed(volume):
                if (self._folder / name).exists():
                    shutil.rmtree(self._folder / name)
                self._api.delete(f"{_VOLUMES}/{name}")

    def _make(self, claim: Object, kind: Object) -> None:
        folder = self._folder / volume_name(claim)
        folder.mkdir(exist_ok=True)
        # Whoever a pod runs as may write, as in a freshly made file system of most providers with fsGroup.
        folder.chmod(0o777)
        self._api.apply(f"{_VOLUMES}/{folder.name}", volume_for(claim, kind, folder))

    def _grow(self, claim: Object) -> None:
        size = {"storage": text(claim, "spec", "resources", "requests", "storage")}
        self._api.merge(f"{_VOLUMES}/{volume_name(claim)}", {"spec": {"capacity": size}})
        path = f"/api/v1/namespaces/{text(claim, 'metadata', 'namespace')}/persistentvolumeclaims"
        self._api.merge(f"{path}/{text(claim, 'metadata', 'name')}/status", {"status": {"capacity": size}})


def volume_name(claim: Object) -> str:
    """The name of a claim's volume, as Kubernetes' own provisioners form it."""
    return f"pvc-{text(claim, 'metadata', 'uid')}"


def wants_volume(claim: Object, kind: Object) -> bool:
    """Whether a claim waits for us: with WaitForFirstConsumer, only once the scheduler chose a node."""
    if text(claim, "status", "phase") != "Pending" or text(claim, "spec", "volumeName"):
        return False
    waits = kind.get("volumeBindingMode") == "WaitForFirstConsumer"
    return not waits or _CHOSEN_NODE in texts(claim, "metadata", "annotations")


def wants_growth(claim: Object, volume: Object) -> bool:
    """Whether a bound claim asks for another size than it has; the API server lets sizes only grow."""
    wanted = text(claim, "spec", "resources", "requests", "storage")
    has = text(claim, "status", "capacity", "storage")
    bound = text(claim, "status", "phase") == text(volume, "status", "phase") == "Bound"
    return bound and has not in ("", wanted)


def is_to_be_removed(volume: Object) -> bool:
    """Whether a volume of ours lost its claim and is not to be kept."""
    ours = texts(volume, "metadata", "annotations").get(_PROVISIONED_BY) == PROVISIONER
    released = text(volume, "status", "phase") == "Released"
    return ours and released and text(volume, "spec", "persistentVolumeReclaimPolicy") == "Delete"


def volume_for(claim: Object, kind: Object, folder: Path) -> Object:
    """The volume that answers to a claim."""
    claimed = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": text(claim, "metadata", "namespace"),
        "name": text(claim, "metadata", "name"),
        "uid": text(claim, "metadata", "uid"),
    }
    # A volume of kind `local` has to name its nodes; these are all of them.
    every_node = {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"annotations": {_PROVISIONED_BY: PROVISIONER}},
        "spec": {
            "capacity": dict(part(claim, "spec", "resources", "requests")),
            "accessModes": names(claim, "spec", "accessModes"),
            "storageClassName": text(kind, "metadata", "name"),
            "persistentVolumeReclaimPolicy": text(kind, "reclaimPolicy") or "Delete",
            "claimRef": claimed,
            "local": {"path": str(folder)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [every_node]}]}},
        },
    }
