"""What users do, with the real docker client through the edge."""

import uuid
from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from tests.engine.docker.client import DockerClient, Edge, basic
from tests.engine.docker.deployment import Deployment, wait_for
from tests.engine.docker.portus import PortusApi

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


def fresh(prefix: str) -> str:
    return f"{prefix}{uuid.uuid4().hex[:8]}"


def test_administrator_signs_in_pushes_and_pulls_the_same_image(client: DockerClient, edge: Edge) -> None:
    assert client.login(edge.username, edge.password)[0] == 0
    repository = f"{edge.username}/{fresh('app')}"
    pushed = client.push_new_image(repository)
    assert client.pull_afresh(repository) == pushed


def test_pushed_image_appears_in_portus_with_its_tag_and_author(client: DockerClient, edge: Edge) -> None:
    api = PortusApi.as_administrator(edge)
    client.login(edge.username, edge.password)
    repository = fresh("seen")
    client.push_new_image(f"{edge.username}/{repository}", tag="v1")
    wait_for(lambda: api.tags(repository) != {}, 60, lambda: f"Portus knows {api.get('/api/v1/repositories')}")
    assert api.tags(repository) == {"v1": edge.username}


def test_wrong_password_is_refused(client: DockerClient, edge: Edge) -> None:
    code, output = client.login(edge.username, "not-the-password")
    assert code != 0
    assert "unauthorized" in output.lower() or "denied" in output.lower()


def test_ordinary_user_pushes_to_her_own_namespace_only(client: DockerClient, edge: Edge) -> None:
    username, password = fresh("user"), fresh("Passw0rd")
    PortusApi.as_administrator(edge).create_user(username, password)
    assert client.login(username, password)[0] == 0
    client.push_new_image(f"{username}/app")
    foreign = f"{edge.registry}/{edge.username}/{fresh('theft')}:1"
    client.must("tag", f"{edge.registry}/{username}/app:1", foreign)
    code, output = client.run("push", foreign)
    assert code != 0
    assert "denied" in output


def test_ordinary_user_cannot_pull_what_is_not_hers(client: DockerClient, edge: Edge, stack: Deployment) -> None:
    private = f"{edge.username}/{fresh('private')}"
    client.login(edge.username, edge.password)
    client.push_new_image(private)
    client.run("image", "rm", f"{edge.registry}/{private}:1")
    username, password = fresh("reader"), fresh("Passw0rd")
    PortusApi.as_administrator(edge).create_user(username, password)
    client.login(username, password)
    code, output = client.run("pull", f"{edge.registry}/{private}:1")
    assert code != 0
    assert "denied" in output or "unauthorized" in output


def test_anonymous_is_refused(client: DockerClient, edge: Edge) -> None:
    repository = f"{edge.registry}/{edge.username}/anything:1"
    code, output = client.run("pull", repository)
    assert code != 0
    assert "denied" in output or "unauthorized" in output or "no basic auth" in output
    answer = edge.request("GET", edge.registry_host, "/v2/")
    assert answer.status == 401
    assert f'realm="https://{edge.portus_host}:{edge.port}/v2/token"' in answer.headers["Www-Authenticate"]


def test_token_signed_with_another_key_is_refused(edge: Edge) -> None:
    scope = f"repository:{edge.username}/forged:push,pull"
    token = edge.token(scope, edge.username, edge.password).json()["token"]
    path = f"/v2/{edge.username}/forged/tags/list"
    good = edge.request("GET", edge.registry_host, path, {"Authorization": f"Bearer {token}"})
    assert good.status == 404
    forged = resigned(token)
    bad = edge.request("GET", edge.registry_host, path, {"Authorization": f"Bearer {forged}"})
    assert bad.status == 401


def resigned(token: str) -> str:
    """The same header and claims, signed with a key of our own."""
    message, _, _ = token.rpartition(".")
    key = rsa.generate_private_key(65537, 3072)
    signature = key.sign(message.encode(), padding.PKCS1v15(), SHA256())
    return f"{message}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_first_generation_with_registry_3_signs_in_pushes_and_pulls(
    first_client: DockerClient, first_edge: Edge
) -> None:
    assert first_client.login(first_edge.username, first_edge.password)[0] == 0
    repository = f"{first_edge.username}/{fresh('app')}"
    pushed = first_client.push_new_image(repository)
    assert first_client.pull_afresh(repository) == pushed


def test_unknown_user_gets_no_token(edge: Edge) -> None:
    answer = edge.request(
        "GET", edge.portus_host, "/v2/token?service=x", {"Authorization": basic("nobody", "nothing-at-all")}
    )
    assert answer.status == 401
