"""The commands of the pages about the policy pack, in a clone whose pack has no packages yet."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.contract.pages import commands
from tests.engine.docker.deployment import ROOT
from tests.engine.docker.operations_clone import Clone

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]
STACK, OWN = "prod", "paged-prod"
PAGE, PACK = "docs/policies.md", "policies/README.md"


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    config = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{STACK}.yaml").read_text())["config"]
    clone = Clone(tmp_path, OWN, config)
    for name in (STACK, OWN):
        shutil.copy(ROOT / "stacks" / f"policy.{STACK}.json", clone.folder / "stacks" / f"policy.{name}.json")
    shutil.copytree(ROOT / "policies", clone.folder / "policies", ignore=shutil.ignore_patterns("venv", "__pycache__"))
    try:
        yield clone
    finally:
        clone.close()


def test_the_pack_by_make_by_plain_pulumi_and_alone(clone: Clone) -> None:
    with_tools = f'eval "$(toolchain/env)"\npulumi stack select --create {OWN}\n'
    for script in (*commands(PAGE), *commands(PACK)):
        shown = clone.sh(with_tools + script.replace(f"STACK={STACK}", f"STACK={OWN}"))
        assert "[mandatory]" not in shown, shown
        judged = script.count("make preview") + script.count("--policy-pack policies")
        assert shown.count("portus-stack@v") == judged, shown
