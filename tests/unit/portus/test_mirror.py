"""Where images come from: the mirror, and the logins of registries."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.portus import images
from tests.unit.portus import kubernetes_samples, samples
from tests.unit.portus.samples import DIGEST, MINIMAL, merged, problems

MIRROR = "mirror.example.com:5000/hub"
LOGIN = {"address": "mirror.example.com", "username": "robot", "password": "SENTINEL-1"}
HOST = {"name": "here", "address": "unix:///var/run/docker.sock"}


@pytest.mark.parametrize(
    ("image", "moved"),
    [
        ("nginx:1", "library/nginx:1"),
        ("docker.io/nginx:1", "library/nginx:1"),
        ("docker.io/library/nginx:1", "library/nginx:1"),
        ("index.docker.io/library/nginx:1", "library/nginx:1"),
        (f"nginx:1@{DIGEST}", f"library/nginx:1@{DIGEST}"),
        (f"nginx@{DIGEST}", f"library/nginx@{DIGEST}"),
        ("opensuse/portus:2.4.3", "opensuse/portus:2.4.3"),
        ("quay.io/team/app:1", "team/app:1"),
        ("localhost/app:1", "app:1"),
        ("127.0.0.1:5000/app:1", "app:1"),
        ("mirror.example.com:5000/other/app:1", "other/app:1"),
    ],
)
def test_the_mirror_takes_the_place_of_the_registry(image: str, moved: str) -> None:
    assert images.mirrored(image, MIRROR) == f"{MIRROR}/{moved}"
    assert images.mirrored(f"{MIRROR}/{moved}", MIRROR) == f"{MIRROR}/{moved}", "what is there stays"
    assert images.mirrored(image, "") == image


@given(st.sampled_from(["nginx", "team/app", "quay.io/a/b", "localhost:5000/x"]), st.sampled_from(["", f"@{DIGEST}"]))
def test_tag_and_digest_stay(repository: str, digest: str) -> None:
    moved = images.mirrored(f"{repository}:1.2{digest}", MIRROR)
    assert moved.endswith(f":1.2{digest}")
    assert images.is_reference(moved)
    assert images.registry_of(moved) == "mirror.example.com:5000"


def test_every_image_comes_from_the_mirror() -> None:
    own = samples.settings({"registry": {"image": f"quay.io/dist/registry:3.1@{DIGEST}"}})
    moved = samples.settings(
        {"registry": {"image": f"quay.io/dist/registry:3.1@{DIGEST}"}, "images": {"mirror": MIRROR}}
    )
    assert moved.images == tuple(images.mirrored(image, MIRROR) for image in own.images)
    assert len(moved.images) == 5
    assert moved.registry.image == f"{MIRROR}/dist/registry:3.1@{DIGEST}"
    assert moved.database.image == f"{MIRROR}/library/{images.DATABASE}"
    assert moved.portus.generation == own.portus.generation


def test_what_a_portus_image_is_told_by_holds_behind_a_mirror() -> None:
    stand_in = {"portus": {"image": "portus-stack.lab/portus-standin:2.4"}, "images": {"mirror": MIRROR}}
    assert "stand-in" in problems(merged(MINIMAL, stand_in))["portus.image"]
    old = {"portus": {"image": "opensuse/portus:2.3"}, "images": {"mirror": MIRROR}}
    assert "drops tables" in problems(merged(MINIMAL, old))["portus.image"]


@pytest.mark.parametrize(
    "mirror", ["registry.example.com", "127.0.0.1:15000/mirror", "localhost", "registry:5000/a/b_c"]
)
def test_a_mirror_is_a_registry_and_perhaps_a_path(mirror: str) -> None:
    assert samples.settings({"images": {"mirror": mirror}}).edge.image.startswith(f"{mirror}/nginxinc/")


@pytest.mark.parametrize(
    "mirror",
    [
        *("https://registry.example.com", "registry.example.com/", "registry.example.com/mirror:1", "mirror"),
        *("mirror/hub", "registry.example.com/Mirror", f"registry.example.com/m@{DIGEST}", "user@registry.example.com"),
        *("registry.example.com:0/m", "registry.example.com:65536/m", "registry.example.com//m", "-registry.test"),
    ],
)
def test_what_is_no_mirror_is_refused(mirror: str) -> None:
    found = problems(merged(MINIMAL, {"images": {"mirror": mirror}}))
    assert list(found) == ["images.mirror"]
    assert "registry" in found["images.mirror"] or "port" in found["images.mirror"]


def test_an_image_that_is_no_reference_is_told_at_its_own_place() -> None:
    found = problems(merged(MINIMAL, {"edge": {"image": "nginx"}, "images": {"mirror": MIRROR}}))
    assert list(found) == ["edge.image"]


@pytest.mark.parametrize(
    ("login", "key", "words"),
    [
        ({"address": "https://mirror.example.com"}, "address", "without https://"),
        ({"address": "mirror.example.com/path"}, "address", "host[:port]"),
        ({"address": "mirror"}, "address", "host[:port]"),
        ({"address": "mirror.example.com:70000"}, "address", "port from 1 to 65535"),
        ({"username": "a:b"}, "username", "user name"),
        ({"username": ""}, "username", "user name"),
        ({"password": "SENTINEL\n"}, "password", "without line breaks"),
        ({"pasword": "x"}, "pasword", "did you mean password?"),
    ],
)
@pytest.mark.parametrize("target", ["docker", "kubernetes"])
def test_a_login_that_cannot_work_is_refused(target: str, login: dict[str, str], key: str, words: str) -> None:
    group: dict[str, Any] = {"registry_auth": [{**LOGIN, **login}]}
    more = kubernetes_samples.target(**group) if target == "kubernetes" else {"docker": {"hosts": [HOST], **group}}
    found = problems(merged(MINIMAL, more))
    assert list(found) == [f"{target}.registry_auth[0].{key}"]
    assert words in found[f"{target}.registry_auth[0].{key}"]
    assert "SENTINEL" not in str(found)


@pytest.mark.parametrize("first", ["docker.io", "index.docker.io"])
def test_a_registry_has_one_login(first: str) -> None:
    logins = [{**LOGIN, "address": first}, LOGIN, {**LOGIN, "address": "docker.io"}]
    found = problems(merged(MINIMAL, {"docker": {"hosts": [HOST], "registry_auth": logins}}))
    assert found == {"docker.registry_auth[2].address": "is there twice: docker.io"}


def test_logins_for_a_provider_that_is_inherited_are_refused() -> None:
    """They would reach nothing: whoever makes that provider has to give it its own."""
    found = problems(merged(MINIMAL, {"docker": {"registry_auth": [LOGIN]}}))
    assert "docker.hosts[0].address" in found["docker.registry_auth"]
    assert not problems(merged(MINIMAL, {"docker": {"hosts": [HOST], "registry_auth": [LOGIN]}}))
