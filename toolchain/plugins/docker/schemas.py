"""The properties of networks, volumes and images, of the functions and of the provider's configuration.

Source: kreuzwerker/terraform-provider-docker v4.5.0 (`resource_docker_network.go`, `resource_docker_volume.go`,
`resource_docker_image.go`, `data_source_docker_*.go`, `provider.go`), as pulumi-docker 5.2.0 shows them.
"""

from toolchain.plugins.docker.schema import (
    LABEL,
    Kind,
    Property,
    ResourceSchema,
    Schema,
    collection,
    computed,
    flag,
    output,
    text,
)

_ADDRESSES: Schema = {
    "subnet": text(),
    "ipRange": text(),
    "gateway": text(),
    "auxAddress": collection(Kind.MAP),
}

NETWORK = ResourceSchema(
    {
        "name": text(required=True),
        "labels": collection(Kind.SET, LABEL),
        "driver": computed(Kind.STRING),
        "options": computed(Kind.MAP),
        "internal": computed(Kind.BOOLEAN),
        "attachable": flag(),
        "ingress": flag(),
        "ipv6": flag(),
        "ipamDriver": text(default="default"),
        "ipamOptions": collection(Kind.MAP),
        "ipamConfigs": Property(Kind.SET, computed=True, replaces=True, fields=_ADDRESSES),
        "scope": output(Kind.STRING),
    },
    version=1,
)

VOLUME = ResourceSchema(
    {
        "name": computed(Kind.STRING),
        "labels": collection(Kind.SET, LABEL),
        "driver": computed(Kind.STRING),
        "driverOpts": collection(Kind.MAP),
        "mountpoint": output(Kind.STRING),
        "cluster": Property(Kind.OBJECT, refused="cluster volumes need Docker Swarm"),
    },
    version=1,
)

REMOTE_IMAGE = ResourceSchema(
    {
        "name": text(required=True),
        "keepLocally": flag(replaces=False),
        "forceRemove": flag(replaces=False),
        "pullTriggers": Property(Kind.SET, replaces=True, conflicts=("build",)),
        "triggers": collection(Kind.MAP),
        "platform": text(),
        "build": Property(Kind.OBJECT, refused="images are built before the update, not by it"),
        "imageId": output(Kind.STRING),
        "repoDigest": output(Kind.STRING),
    },
    timeout_minutes=20,
    autonamed=False,
)

GET_LOGS: Schema = {
    "name": text(required=True),
    "logsListStringEnabled": flag(default=True),
    "discardHeaders": flag(default=True),
    "showStdout": flag(default=True),
    "showStderr": flag(default=True),
    "since": text(default=""),
    "until": text(default=""),
    "timestamps": flag(default=False),
    "follow": flag(default=False),
    "tail": text(default=""),
    "details": flag(default=False),
}
GET_NETWORK: Schema = {"name": text(required=True)}
GET_REMOTE_IMAGE: Schema = {"name": text(required=True)}

REGISTRY_AUTH: Schema = {
    "address": text(required=True),
    "username": text(),
    "password": text(),
    "configFile": text(),
    "configFileContent": text(),
    "authDisabled": flag(),
}
CONFIGURATION: Schema = {
    "host": text(),
    "context": text(),
    "sshOpts": collection(Kind.LIST),
    "caMaterial": text(),
    "certMaterial": text(),
    "keyMaterial": text(),
    "certPath": text(),
    "registryAuth": collection(Kind.SET, REGISTRY_AUTH),
    "disableDockerDaemonCheck": flag(),
}
