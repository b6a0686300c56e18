"""What an image turned out to be on a Docker host."""

import pytest

from components.portus.images import resolved

DIGEST = f"sha256:{'0' * 64}"
IDENTIFIER = f"sha256:{'1' * 64}"


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("mariadb:10.11", "mariadb"),
        (f"mariadb:10.11@{DIGEST}", "mariadb"),
        ("docker.io/library/mariadb:10.11", "mariadb"),
        ("docker.io/opensuse/portus:2.4.3", "opensuse/portus"),
        ("registry.example.com:5000/team/portus:2.4.3", "registry.example.com:5000/team/portus"),
    ],
)
def test_digest_of_its_own_repository(image: str, repository: str) -> None:
    assert resolved(image, f"{repository}@{DIGEST}", IDENTIFIER) == f"{repository}@{DIGEST}"


@pytest.mark.parametrize("other", ["registry.example.com/mariadb", "mariadb-copy", "someone/mariadb"])
def test_digest_of_another_repository_is_not_told(other: str) -> None:
    assert resolved("mariadb:10.11", f"{other}@{DIGEST}", IDENTIFIER) == IDENTIFIER


def test_image_that_came_from_no_registry() -> None:
    assert resolved("portus-stack.lab/mariadb:10.11", "", IDENTIFIER) == IDENTIFIER
