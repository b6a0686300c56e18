"""No secret in the clear: not in the state, not in logs, not in Docker's metadata, not in what was printed."""

import json
import stat
from typing import Any

import pytest

from tests.engine.docker.deployment import Deployment

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

SECRET_KEYS = ("result", "privateKeyPem", "privateKeyPemPkcs8")


def _secrets(deployment: Deployment) -> dict[str, str]:
    """Every generated secret by the name of its resource, decrypted."""
    exported = json.loads(deployment.pulumi("stack", "export", "--show-secrets", "-s", deployment.name))
    found: dict[str, str] = {}
    for resource in exported["deployment"]["resources"]:
        for key in SECRET_KEYS:
            value = _plain(resource.get("outputs", {}).get(key))
            if value:
                # Of a key, its second line: the first is the same for all, and PEM is wrapped in several ways.
                found[f"{resource['urn']}.{key}"] = value.splitlines()[1] if value.startswith("-----") else value
    return found


def _plain(value: Any) -> str:
    if isinstance(value, dict) and "plaintext" in value:
        return str(json.loads(value["plaintext"]))
    return value if isinstance(value, str) else ""


def _assert_absent(secrets: dict[str, str], text: str, place: str) -> None:
    leaked = [name for name, secret in secrets.items() if secret in text]
    assert not leaked, f"{place} shows {leaked}"


def test_there_are_secrets_to_look_for(stack: Deployment) -> None:
    assert len(_secrets(stack)) >= 12


def test_state_holds_no_secret_in_the_clear_and_only_its_owner_reads_it(stack: Deployment) -> None:
    secrets = _secrets(stack)
    _assert_absent(secrets, stack.pulumi("stack", "export", "-s", stack.name), "the exported state")
    files = [path for path in (stack.folder / "state").rglob("*") if path.is_file()]
    assert files
    for path in files:
        _assert_absent(secrets, path.read_text(errors="replace"), str(path))
    assert stat.S_IMODE((stack.folder / "state").stat().st_mode) == 0o700


def test_docker_metadata_and_logs_show_no_secret(stack: Deployment) -> None:
    secrets = _secrets(stack)
    for role, container in stack.containers(running=False).items():
        _assert_absent(secrets, json.dumps(container.attrs), f"docker inspect of {role}")
        _assert_absent(secrets, container.logs().decode(errors="replace"), f"the log of {role}")
        top = container.top(ps_args="-eo pid,args")
        _assert_absent(secrets, json.dumps(top), f"the processes of {role}")
    for image in {container.attrs["Image"] for container in stack.containers().values()}:
        _assert_absent(secrets, json.dumps(stack.docker.images.get(image).history()), "an image's history")


def test_previews_and_updates_print_no_secret(stack: Deployment) -> None:
    secrets = _secrets(stack)
    printed = (
        stack.pulumi("preview", "--diff", "-s", stack.name)
        + stack.up("--diff")
        + stack.pulumi("stack", "-s", stack.name)
    )
    _assert_absent(secrets, printed, "what pulumi printed")
    config = stack.config
    config["portus-stack:registry"] = {**config["portus-stack:registry"], "log_level": "error"}
    before = stack.config
    stack.configure(config)
    _assert_absent(secrets, stack.pulumi("preview", "--diff", "-s", stack.name), "the diff of a changed configuration")
    stack.configure(before)
