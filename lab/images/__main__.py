"""`python -m lab.images`: build the images that are missing, or list them."""

from __future__ import annotations

import argparse
import sys

from lab.images.builder import build, present
from lab.images.catalogue import IMAGES, find
from lab.images.commands import BuildError


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 a build failed, 2 a wrong argument."""
    parser = argparse.ArgumentParser(
        prog="lab/images/build",
        description="Build the lab's container images that are missing or older than their sources.",
        epilog="Environment: GO, the go command (default: the one on PATH). The base image needs root and debootstrap.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="image, for example mariadb or portus-standin:2.4 (default: all)"
    )
    parser.add_argument(
        "--list", action="store_true", help="list the images and whether each is present, and build nothing"
    )
    chosen = parser.parse_args(arguments)
    try:
        images = [find(name) for name in chosen.names] or list(IMAGES)
    except LookupError as error:
        parser.error(str(error.args[0]))
    try:
        if chosen.list:
            have = present(images)
            for image in images:
                print(f"{image.reference}\t{'present' if image.name in have else 'missing'}")
        elif not build(images, lambda line: print(line, flush=True)):
            print(f"images: all {len(images)} present")
    except BuildError as error:
        print(f"lab/images/build: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
