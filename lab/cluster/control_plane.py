"""The control plane: etcd, the API server, the controller manager and the scheduler, in a space of their own."""

from __future__ import annotations

from pathlib import Path

from lab.cluster import kubeconfig, network
from lab.cluster.api import Api
from lab.cluster.certificates import Authority
from lab.cluster.console import last_lines, wait_for
from lab.cluster.instance import API_PORT, CONTROL, Instance
from lab.cluster.programs import program
from lab.cluster.space import Space

_ETCD = "http://127.0.0.1:2379"
_ETCD_FLAGS = [
    f"--listen-client-urls={_ETCD}",
    f"--advertise-client-urls={_ETCD}",
    "--listen-peer-urls=http://127.0.0.1:2380",
    # A test cluster is made again rather than repaired after a power cut.
    "--unsafe-no-fsync",
]
_API_SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
#: (file, user, group): who speaks to the API server.
_USERS = (
    ("admin", "admin", "system:masters"),
    ("api-server-to-kubelet", "api-server-to-kubelet", "system:masters"),
    ("controller-manager", "system:kube-controller-manager", None),
    ("scheduler", "system:kube-scheduler", None),
    ("proxy", "system:kube-proxy", "system:node-proxier"),
)


def authority(instance: Instance) -> Authority:
    """The cluster's certificate authority."""
    return Authority(instance.certificates)


def start(instance: Instance) -> Api:
    """Start what does not run, wait until the API server answers, and return a connection to it.

    Raises:
        ClusterError: it does not answer; with the end of its log.
    """
    certificates = _issue(instance)
    space = Space(instance, CONTROL)
    if space.first_process is None:
        space.create(program("pause"))
    network.connect(instance, space, instance.control_address)
    for name, flags in _flags(instance, certificates).items():
        space.start(name, [str(program(name)), *flags])
    kubeconfig.write(instance, certificates, "admin", instance.kubeconfig)
    api = Api(instance)
    log = instance.log(CONTROL, "kube-apiserver")
    wait_for(api.answers, "the API server", explain=lambda: last_lines(log))
    return api


def _issue(instance: Instance) -> Authority:
    issued = authority(instance)
    issued.token_key()
    addresses = ("127.0.0.1", instance.control_address, instance.first_service_address)
    names = (*_API_SERVER_NAMES, "kubernetes.default.svc.cluster.local", *addresses)
    issued.issue("api-server", "kube-apiserver", None, names)
    for file, user, group in _USERS:
        issued.issue(file, user, group)
    return issued


def _flags(instance: Instance, certificates: Authority) -> dict[str, list[str]]:
    """Program → flags, in the order of starting. The first waits for nobody, the others for the one before."""
    folder = certificates.folder

    def own(user: str) -> Path:
        return kubeconfig.write(instance, certificates, user, folder / f"{user}.kubeconfig")

    return {
        "etcd": [f"--data-dir={instance.folder / 'etcd'}", *_ETCD_FLAGS],
        "kube-apiserver": _api_server_flags(instance, folder),
        "kube-controller-manager": [
            f"--kubeconfig={own('controller-manager')}",
            f"--service-account-private-key-file={folder}/sa.key",
            f"--root-ca-file={folder}/ca.crt",
            f"--cluster-signing-cert-file={folder}/ca.crt",
            f"--cluster-signing-key-file={folder}/ca.key",
            "--use-service-account-credentials",
            "--leader-elect=false",
        ],
        "kube-scheduler": [f"--kubeconfig={own('scheduler')}", "--leader-elect=false"],
    }


def _api_server_flags(instance: Instance, folder: Path) -> list[str]:
    return [
        f"--etcd-servers={_ETCD}",
        f"--advertise-address={instance.control_address}",
        f"--secure-port={API_PORT}",
        f"--service-cluster-ip-range={instance.services_cidr}",
        f"--tls-cert-file={folder}/api-server.crt",
        f"--tls-private-key-file={folder}/api-server.key",
        f"--client-ca-file={folder}/ca.crt",
        f"--service-account-key-file={folder}/sa.pub",
        f"--service-account-signing-key-file={folder}/sa.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--kubelet-client-certificate={folder}/api-server-to-kubelet.crt",
        f"--kubelet-client-key={folder}/api-server-to-kubelet.key",
        f"--kubelet-certificate-authority={folder}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",
        # Pod Security decides about privileged pods, namespace by namespace.
        "--allow-privileged",
    ]
