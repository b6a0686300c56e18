"""The guard against lost data, over plans as `pulumi preview --save-plan` writes them."""

import json
from pathlib import Path

import pytest

from operations.console import OperationError
from operations.data_loss import ALLOWED, main, read_plan, refuse_losses

from .states import stack

KINDS = {
    "docker:index/volume:Volume": "volume",
    "kubernetes:core/v1:Namespace": "namespace",
    "kubernetes:core/v1:PersistentVolumeClaim": "claim",
    "kubernetes:core/v1:PersistentVolume": "volume",
    "kubernetes:apps/v1:StatefulSet": "stateful set",
    "random:index/randomPassword:RandomPassword": "credential",
    "random:index/randomBytes:RandomBytes": "credential",
    "tls:index/privateKey:PrivateKey": "key",
}
STEPS = {
    ("delete",): "delete",
    ("create-replacement", "replace", "delete-replaced"): "replace",
    ("replace",): "replace",
}
COMPONENT = "portus:index:PortusStack"


def plan(folder: Path, resource_type: str, *steps: str) -> Path:
    urn = f"urn:pulumi:prod::portus-stack::{COMPONENT}${resource_type}::prod-data"
    file = folder / "plan.json"
    file.write_text(json.dumps({"resourcePlans": {urn: {"steps": list(steps)}}}))
    return file


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("resource_type", KINDS)
def test_what_cannot_be_had_back_is_named(
    resource_type: str, steps: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(plan(tmp_path, resource_type, *steps))]) == 1
    told = capsys.readouterr().err
    assert f"{STEPS[steps]} {KINDS[resource_type]} prod-data" in told and f"{ALLOWED}=prod-data" in told


@pytest.mark.parametrize("steps", [("same",), ("create",), ("update",), ("refresh", "same")])
def test_what_stays_is_no_loss(steps: tuple[str, ...], tmp_path: Path) -> None:
    for resource_type in KINDS:
        assert main([str(plan(tmp_path, resource_type, *steps))]) == 0


def test_what_holds_no_data_may_go(tmp_path: Path) -> None:
    for resource_type in ("docker:index/container:Container", "kubernetes:apps/v1:Deployment", COMPONENT):
        assert main([str(plan(tmp_path, resource_type, "delete"))]) == 0


def test_only_the_very_name_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = plan(tmp_path, "docker:index/volume:Volume", "delete")
    for names, code in (("prod", 1), ("prod-data2,*", 1), ("", 1), ("other, prod-data", 0)):
        monkeypatch.setenv(ALLOWED, names)
        assert main([str(file)]) == code, names


def test_the_hint_is_what_to_type(tmp_path: Path) -> None:
    file = plan(tmp_path, "docker:index/volume:Volume", "delete")
    with pytest.raises(OperationError, match="make preview STACK=prod ALLOW_DATA_LOSS=prod-data"):
        refuse_losses(read_plan(file), stack(tmp_path, "prod"))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"resourcePlans": []}'])
def test_what_cannot_be_read_is_no_clean_bill(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text)
    assert main([str(file)]) == 1
    assert "data loss cannot be ruled out" in capsys.readouterr().err
    assert main([str(tmp_path / "none.json")]) == 1
