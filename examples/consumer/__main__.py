"""What a cluster needs to pull from a registry that another project deploys: a docker ``config.json`` and the CA."""

import base64
import json

import pulumi

config = pulumi.Config()
hub = pulumi.StackReference("hub", stack_name=config.require("registry_stack"))
parts = (hub.require_output(name) for name in ("registry_url", "administrator_username", "administrator_password"))


def docker_config(registry: str, username: str, password: str) -> str:
    """A docker client's ``config.json``, as ``kubernetes.io/dockerconfigjson`` wants it too."""
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    return json.dumps({"auths": {registry: {"auth": token}}})


# Secret, because one of its parts is: the mark crosses the StackReference.
pulumi.export("docker_config", pulumi.Output.all(*parts).apply(lambda known: docker_config(*known)))
pulumi.export("ca_certificate_pem", hub.require_output("ca_certificate_pem"))
