"""The images of the lab: what each is called and what it is made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

IMAGES_DIRECTORY = Path(__file__).resolve().parent
LAB_DIRECTORY = IMAGES_DIRECTORY.parent
REPOSITORY_PREFIX = "portus-stack.lab"

#: Debian's release name: the machine's own, from whose apt sources those of any other are had.
DEBIAN_SUITE = "bookworm"


@dataclass(frozen=True)
class Image:
    """One image. Its sources are `folder` (Dockerfile, optional list `packages`, files) and what the fields name."""

    name: str
    """Name and tag without the prefix, for example ``mariadb:10.11``."""
    folder: str
    """Folder beside this file."""
    parent: str | None = None
    """Image that the package layer starts from; None only for the base image, which debootstrap makes."""
    go_command: str | None = None
    """Import path of a Go command of the folder's go.mod; its static binary goes into the context as ``program``."""
    python_package: str | None = None
    """Folder of the lab that goes into the build context, its locked requirements beside it in ``site-packages``."""
    build_arguments: tuple[tuple[str, str], ...] = ()
    """Arguments of the Dockerfile."""

    @property
    def reference(self) -> str:
        """Full name, as Docker knows it."""
        return f"{REPOSITORY_PREFIX}/{self.name}"

    @property
    def directory(self) -> Path:
        """Where the image's own sources are."""
        return IMAGES_DIRECTORY / self.folder

    @property
    def suite(self) -> str:
        """Debian's release: a base image is called after it, any other has that of its parent."""
        return find(self.parent).suite if self.parent else self.name.partition(":")[2]

    @property
    def packages(self) -> tuple[str, ...]:
        """Debian packages of the image, from the file ``packages`` (one a line, ``#`` starts a comment)."""
        listing = self.directory / "packages"
        if not listing.exists():
            return ()
        lines = (line.partition("#")[0].strip() for line in listing.read_text().splitlines())
        return tuple(line for line in lines if line)


BASE = Image(f"base:{DEBIAN_SUITE}", "base")
NEWER_BASE = Image("base:trixie", "base")


def _stand_in(release: str, generation: str, run_as: str, ports: str) -> Image:
    """The stand-in for one release of Portus."""
    arguments = (("GENERATION", generation), ("RELEASE", release), ("RUN_AS", run_as), ("PORTS", ports))
    return Image(
        f"portus-standin:{release}",
        "portus-standin",
        parent="python:3.11",
        python_package="portus_standin",
        build_arguments=arguments,
    )


IMAGES: tuple[Image, ...] = (
    BASE,
    NEWER_BASE,
    Image("mariadb:10.11", "mariadb", parent=BASE.name),
    Image("mariadb:11.8", "mariadb", parent=NEWER_BASE.name),
    Image("registry:2.8", "registry-2", parent=BASE.name),
    Image("edge:1.22", "edge", parent=BASE.name),
    Image("python:3.11", "python", parent=BASE.name),
    Image("python:3.13", "python", parent=NEWER_BASE.name),
    Image("restic:0.14", "restic", parent=BASE.name),
    Image("ldap:2.5", "ldap", parent=BASE.name),
    Image("oidc:1", "oidc", parent=BASE.name, go_command="portus-stack.lab/oidc"),
    Image(
        "registry:3.1",
        "registry-3",
        parent=BASE.name,
        go_command="github.com/distribution/distribution/v3/cmd/registry",
    ),
    Image("s3:1.8", "s3", parent=BASE.name, go_command="github.com/versity/versitygw/cmd/versitygw"),
    Image("monitoring:1", "monitoring", parent=BASE.name),
    Image("clients:1", "clients", parent=BASE.name, go_command="github.com/google/go-containerregistry/cmd/crane"),
    _stand_in("2.2", "1", "wwwrun", "80 443"),
    _stand_in("2.4", "2", "root", "3000"),
    _stand_in("2.5", "2", "root", "3000"),
)


def find(name: str) -> Image:
    """The image called `name`, with or without prefix and tag. Raises LookupError for unknown and ambiguous names."""
    wanted = name.removeprefix(f"{REPOSITORY_PREFIX}/")
    found = [image for image in IMAGES if wanted in (image.name, image.name.partition(":")[0])]
    if len(found) == 1:
        return found[0]
    known = ", ".join(image.name for image in IMAGES)
    raise LookupError(f"{'ambiguous' if found else 'unknown'} image {name!r}; the images are: {known}")
