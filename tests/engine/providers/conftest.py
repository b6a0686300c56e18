"""A Pulumi stack on the real Docker engine, with the provider plugins of the toolchain (`PROVIDERS` chooses others)."""

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.providers.program_stack import TIME_LIMIT, ProgramStack, stack_of

_ROOT = Path(__file__).parents[3]
_LABEL = "org.portus-stack.name"
IMAGE = "portus-stack.lab/test-busybox:1"
_PREAMBLE = f"""
import os
import pulumi
import pulumi_docker as docker
from pulumi import ResourceOptions

IMAGE = {IMAGE!r}
V = int(os.environ["PROGRAM_VERSION"])
LABELS = [{{"label": {_LABEL!r}, "value": os.environ["RUN_LABEL"]}}]


def container(logical_name, **arguments):
    defaults = {{"image": IMAGE, "command": ["sleep", "600"], "labels": LABELS}}
    return docker.Container(logical_name, **{{**defaults, **arguments}})
"""


def docker(*arguments: str, check: bool = True) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=TIME_LIMIT)
    assert not check or done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


class Stack(ProgramStack):
    """`label` marks everything that the test makes."""

    preamble = _PREAMBLE
    package = "docker"

    @property
    def label(self) -> str:
        return self.environment["RUN_LABEL"]


@pytest.fixture(scope="session")
def pulumi_environment() -> dict[str, str]:
    shell = f"eval \"$('{_ROOT}/toolchain/env')\" && env -0"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr.decode()
    return dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if entry)


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny image of Debian's busybox-static. It stays, for the next run."""
    if docker("image", "inspect", IMAGE, check=False) in ("", "[]"):
        _import_image(tmp_path_factory.mktemp("busybox"))
    return IMAGE


def _import_image(folder: Path) -> None:
    download = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", "busybox-static"]
    subprocess.run(download, cwd=folder, check=True, timeout=TIME_LIMIT)
    (package,) = folder.glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", package, folder / "package"], check=True)
    (busybox,) = (folder / "package").glob("**/bin/busybox")
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    root = folder / "root"
    for place in ("bin", "tmp", "etc", "data"):
        (root / place).mkdir(parents=True)
    shutil.copy(busybox, root / "bin" / "busybox")
    for applet in applets:
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
    archive = shutil.make_archive(str(root), "tar", root)
    changes = ["ENV PATH=/bin", 'CMD ["sh"]', f"LABEL {_LABEL}=test-images"]
    docker("import", *(part for change in changes for part in ("--change", change)), archive, IMAGE)


@pytest.fixture
def stack(tmp_path: Path, pulumi_environment: dict[str, str], image: str) -> Iterator[Stack]:
    environment = {**pulumi_environment, "RUN_LABEL": f"t{uuid.uuid4().hex[:8]}"}
    with stack_of(Stack, tmp_path, environment) as stack:
        yield stack
    _sweep(stack.label)


def _sweep(label: str) -> None:
    """Remove what a failed test left."""
    by_label = ["--filter", f"label={_LABEL}={label}"]
    for kind, listing, removal in (
        ("container", ["ls", "-aq"], ["rm", "-fv"]),
        ("network", ["ls", "-q"], ["rm"]),
        ("volume", ["ls", "-q"], ["rm", "-f"]),
    ):
        for name in docker(kind, *listing, *by_label).split():
            docker(kind, *removal, name, check=False)
