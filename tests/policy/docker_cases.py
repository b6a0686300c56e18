"""Cases on the recorded Docker target: containers, networks, volumes, keys, generated secrets, the stack."""

import re
from typing import Any

from tests.policy.cases import KNOWN, STATE, UP, docker
from tests.policy.graphs import STACK, Added, Change, Removed, add, drop, entry, env, put

CONTAINER, VOLUME, NETWORK = "container:Container", "volume:Volume", "network:Network"
KEY_PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n"
CUT_OFF = "-----BEGIN CERTIFICATE-----\nMIIBgTCCASegAwIBAgIUSxFIBENJ7vJQ\n"
_DOCKER = "pulumi:providers:docker"


def of(name: str, edit: Any = None, kind: str = CONTAINER, **options: Any) -> Change:
    """A change of a container, or of another kind."""
    return Change(f"hub-{name}", edit, kind, options)


def _key_of(inputs: Any) -> Any:
    """The file with Portus' key."""
    (upload,) = [each for each in inputs["uploads"] if each["file"].endswith("/portus.key")]
    return upload


def _without_drills(inputs: Any) -> None:
    """As ``backup.drill.schedule: never`` makes it."""
    (upload,) = [each for each in inputs["uploads"] if each["file"].endswith("/backup.conf")]
    upload["content"] = re.sub(r"(?m)^drill_pause=.*$", "drill_pause=''", upload["content"])


def foreign(name: str, **inputs: Any) -> Added:
    """A foreign container on networks of the stack."""
    base = {
        "image": "sha256:" + "a" * 64,
        "user": "1000",
        "memory": 64,
        "cpus": "1.0",
        "readOnly": True,
        "capabilities": {"drops": ["ALL"]},
        "securityOpts": ["no-new-privileges:true"],
        "healthcheck": {"tests": ["CMD", "true"]},
        "logDriver": "journald",
        "restart": "no",
        "ulimits": [{"name": "nproc"}, {"name": "nofile"}],
    }
    return Added(entry("docker:index/container:Container", name, base | inputs))


CASES = (
    docker("D01", of("edge", put("privileged", True))),
    docker("D02", of("edge", put("capabilities/drops", ["NET_RAW"]))),
    docker("D02", of("edge", add("capabilities/adds", "CAP_SYS_ADMIN"))),
    docker("D03", of("edge", drop("securityOpts"))),
    docker("D04", of("edge", add("securityOpts", "seccomp=unconfined"))),
    docker("D05", of("edge", add("securityOpts", "apparmor=unconfined"))),
    docker("D06", of("edge", put("readOnly", False))),
    docker("D07", of("edge", put("uploads", [{"file": "/tmp/x", "content": "x", "permissions": "0444"}]))),
    docker("D08", of("edge", put("user", "root"))),
    docker("D09", of("edge", drop("memory"))),
    docker("D10", of("edge", drop("cpus"))),
    docker("D11", of("edge", drop("ulimits/0"))),
    docker("D12", foreign("worker", restart="always", networkMode="hub-edge-outside")),
    docker("D13", of("edge", put("networkMode", "host"))),
    docker("D14", of("edge", put("networksAdvanced", [])), also="D44"),
    docker("D15", of("edge", put("pidMode", "host"))),
    docker("D16", of("edge", put("ipcMode", "host"))),
    docker("D17", of("edge", put("usernsMode", "host"))),
    docker("D18", of("edge", put("devices", [{"hostPath": "/dev/mem"}]))),
    docker("D19", of("edge", add("volumes", {"hostPath": "/etc", "containerPath": "/host"}))),
    docker("D20", of("edge", add("volumes", {"hostPath": "/srv/docker.sock", "containerPath": "/docker.sock"}))),
    docker(
        "D21",
        of(
            "edge",
            put(
                "mounts",
                [{"type": "bind", "source": "/srv/x", "target": "/x", "bindOptions": {"propagation": "rshared"}}],
            ),
        ),
    ),
    docker("D22", of("database", add("volumes", {"hostPath": "/srv/db", "containerPath": "/backup"}))),
    docker("D23", of("edge", add("ports", {"internal": 9000, "external": 9000, "ip": "0.0.0.0"})), also="D25"),
    docker("D24", of("edge", put("ports/1/external", 444)), also="D23"),
    docker("D25", of("registry", put("ports", [{"internal": 5000, "external": 5000, "ip": "192.0.2.7"}])), also="D46"),
    docker("D25", of("edge", put("publishAllPorts", True))),
    docker("D26", of("edge", drop("healthcheck"))),
    docker("D27", of("edge", put("cgroupParent", "/system.slice"))),
    docker("D28", of("edge", put("tty", True))),
    docker("D29", of("registry-image", put("name", "registry:2.8.3"), "RemoteImage")),
    docker(
        "D30",
        Added(
            entry(
                "docker:index/image:Image",
                "built",
                {"build": {"args": {"API_TOKEN": "hunter2hunter2"}}, "imageName": "x"},
            )
        ),
    ),
    docker("D31", of("edge", env("SMTP_PASSWORD", "correct-horse"))),
    docker("D31", of("edge", add("command", "--password=correct-horse"))),
    docker("D31", of("edge", add("labels", {"label": "org.example.access", "value": "0123456789abcdef" * 4}))),
    docker("D32", of("portus", lambda inputs: _key_of(inputs).update(permissions="0666")), at=KNOWN),
    docker("D33", of("portus", lambda inputs: _key_of(inputs).update(file="/srv/www/portus.key")), at=KNOWN),
    docker("D34", of("database-portus", put("internal", False), NETWORK), also="D35"),
    docker(
        "D35",
        Change("hub-edge", add("networksAdvanced", {"name": "hub-database-portus"}), CONTAINER),
        also="M02",
    ),
    docker("D36", of("database-data", None, VOLUME, protect=False), also="S02 R07"),
    docker("D37", of("edge", put("logDriver", "none"))),
    docker("D38", Change("docker", put("host", "tcp://10.0.0.1:2375"), _DOCKER)),
    docker("D39", Change("docker", put("sshOpts", ["-o", "StrictHostKeyChecking=no"]), _DOCKER)),
    docker("D40", Change("docker", put("registryAuth", [{"address": "http://registry:5000"}]), _DOCKER)),
    docker("D41", of("edge", put("sysctls", {"kernel.msgmax": "1"}))),
    docker(
        "D42",
        Added(
            entry(
                "docker:index/service:Service",
                "web",
                {"taskSpec": {"containerSpec": {"image": f"x@sha256:{'b' * 64}"}}},
            )
        ),
    ),
    docker("D43", of("edge", put("tmpfs", {"/tmp": "rw"}))),
    docker(
        "D44",
        *(
            foreign(
                f"web{number}",
                networksAdvanced=[{"name": "front"}],
                ports=[{"internal": 1, "external": 8443, "ip": "127.0.0.1"}],
            )
            for number in range(3)
        ),
        Added(entry("docker:index/network:Network", "front", {"name": "front", "driver": "bridge"})),
    ),
    docker("D45", of("edge", put("groupAdds", ["docker"]))),
    docker("D46", of("portus", put("ports", [{"internal": 3000, "external": 3000, "ip": "10.0.0.1"}]))),
    docker(
        "D47",
        foreign("reader", volumes=[{"volumeName": "hub-edge-files-9bfd9a03", "containerPath": "/x"}], networkMode="x"),
        at=KNOWN,
    ),
    docker("T01", of("token-key", put("rsaBits", 2048), "PrivateKey")),
    docker("T01", of("edge-key", put("ecdsaCurve", "P224"), "PrivateKey")),
    docker("T02", of("token-key", put("algorithm", "ED25519"), "PrivateKey")),
    docker("T03", of("edge-certificate", put("validityPeriodHours", 20000), "LocallySignedCert")),
    docker("T03", of("edge-certificate", put("earlyRenewalHours", 0), "LocallySignedCert")),
    docker("T04", of("edge-certificate-request", drop("dnsNames"), "CertRequest")),
    docker("T05", of("edge-certificate", add("allowedUses", "cert_signing"), "LocallySignedCert")),
    docker("T06", of("edge-certificate-request", add("dnsNames", "*.example.com"), "CertRequest")),
    docker("T09", Change("hub", None, "PortusStack", {"outputs": {"key": KEY_PEM}})),
    docker(
        "T10",
        Added(
            entry(
                "tls:index/selfSignedCert:SelfSignedCert",
                "quick",
                {
                    "allowedUses": ["server_auth"],
                    "dnsNames": ["a.corp.net"],
                    "validityPeriodHours": 800,
                    "earlyRenewalHours": 200,
                },
            )
        ),
        also="P04",
        production=True,
    ),
    docker("T11", of("ca", None, "SelfSignedCert", protect=False)),
    docker("T12", of("edge-files", put("uploads/0/content", CUT_OFF)), at=KNOWN),
    docker("R01", of("portus-password", put("length", 8), "RandomPassword")),
    docker("R03", of("session-key", put("length", 40), "RandomPassword")),
    docker("R05", of("portus-password", put("keepers", {"old": "Zk3vQ9mW1x7Lr5TqaB2c"}), "RandomPassword")),
    docker("R06", of("database-password", put("special", True), "RandomPassword")),
    docker("R07", of("database-password", None, "RandomPassword", protect=False)),
    docker("S15", of("backup-files", _without_drills), at=(UP,)),
    docker("S14", Removed("hub-backup", "container:Container")),
    docker("S02", of("registry-data", None, VOLUME, protect=False), also="D36"),
    docker(
        "S03", of("edge", None, provider=f"urn:pulumi:{STACK}::portus-stack::pulumi:providers:docker::default_5_2_0")
    ),
    docker(
        "S06",
        Added(
            entry(
                "docker:index/container:Container",
                "open",
                {
                    "start": False,
                    "image": "sha256:" + "c" * 64,
                    "uploads": [{"file": "/etc/x/a.key", "content": KEY_PEM, "permissions": "0400"}],
                },
            )
        ),
        at=(STATE,),
    ),
    docker(
        "S07", Added(entry("command:local:Command", "run", {"create": "true", "environment": {"DB_PASSWORD": "x"}}))
    ),
    docker("S08", of("edge", None, ignore_changes=("capabilities",))),
    docker("S09", of("edge-outside", drop("labels"), NETWORK)),
    docker("S10", Removed("hub-registry", CONTAINER)),
    docker(
        "K23",
        of("registry-image", put("name", "registry.example.com/library/registry@sha256:" + "d" * 64), "RemoteImage"),
        at=KNOWN,
    ),
    docker("K42", Added(entry("kubernetes:batch/v1beta1:CronTrigger", "old", {"metadata": {"namespace": "x"}}))),
)
