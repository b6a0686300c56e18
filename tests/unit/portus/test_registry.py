"""The registry's configuration: one text for both majors, nothing secret in it."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from components.portus.roles.registry import _ENDPOINTS as ENDPOINTS
from components.portus.roles.registry import configuration
from components.portus.settings import InvalidSettings, patterns
from tests.unit.portus import samples, topologies


def document(*more: dict[str, Any]) -> Any:
    return yaml.safe_load(configuration(samples.settings(*more)))


def test_issuer_realm_and_service_come_from_the_host_names() -> None:
    token = document({"hostnames": {"portus": "p.test:8443", "registry": "r.test:8443"}})["auth"]["token"]
    assert token["issuer"] == "p.test:8443"
    assert token["realm"] == "https://p.test:8443/v2/token"
    assert token["service"] == "test-registry:5000"


def test_standard_port_is_left_out() -> None:
    """Portus writes its name as issuer, so both must spell it alike."""
    assert document()["auth"]["token"]["issuer"] == "portus.example.com"
    assert (
        document({"hostnames": {"portus": "p.test:443", "registry": "r.test"}})["auth"]["token"]["issuer"] == "p.test"
    )


def test_trust_is_given_in_the_forms_of_both_majors() -> None:
    token = document()["auth"]["token"]
    files = {file.path for file in topologies.topology().process("registry").files}
    assert {token["rootcertbundle"], token["jwks"]} <= files


def test_events_go_to_portus_over_tls_by_the_name_in_its_certificate() -> None:
    (endpoint,) = document()["notifications"]["endpoints"]
    assert endpoint["url"] == "https://test-portus:3000/v2/webhooks/events"
    (generation_1,) = document(topologies.GENERATION_1)["notifications"]["endpoints"]
    assert generation_1["url"] == "https://test-portus:443/v2/webhooks/events"


def test_layers_lie_on_the_volume_unless_there_is_a_bucket() -> None:
    assert document()["storage"]["filesystem"] == {"rootdirectory": "/var/lib/registry"}
    bucket = document(topologies.S3)["storage"]
    assert "filesystem" not in bucket
    assert bucket["s3"]["regionendpoint"] == "https://s3.example.com:9000"
    assert bucket["redirect"] == {"disable": False}
    own = {key: value for key, value in samples.COMPLETE["registry"]["storage"]["s3"].items() if key != "redirect"}
    assert document({"registry": {"storage": {"s3": own}}})["storage"]["redirect"] == {"disable": True}
    assert topologies.topology(topologies.S3).process("registry").data is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("more", [{}, topologies.S3], ids=["volume", "bucket"])
def test_no_secret_stands_in_configuration_environment_or_command(more: dict[str, Any]) -> None:
    registry = topologies.topology(more).process("registry")
    plain = [file for file in registry.files if not file.secret]
    text = configuration(samples.settings(more)) + repr((registry.environment, registry.command, plain))
    assert "SENTINEL" not in text
    assert "AKIAEXAMPLE" not in text
    assert "secret" not in document(more)["http"]
    assert not {"accesskey", "secretkey"} & set(document(more)["storage"].get("s3", {}))


def test_deletion_is_what_was_asked_for() -> None:
    assert document({"registry": {"delete_enabled": False}})["storage"]["delete"] == {"enabled": False}


def test_start_script_takes_each_secret_from_its_file() -> None:
    topology = topologies.topology(topologies.S3)
    script = topologies.plain_file(topology, "registry", "/etc/portus-stack/start.sh")
    secret_files = {file.path for file in topology.process("registry").files if file.secret}
    for name in ("REGISTRY_HTTP_SECRET", "REGISTRY_STORAGE_S3_ACCESSKEY", "REGISTRY_STORAGE_S3_SECRETKEY"):
        path = f"/etc/portus-stack/{name.lower()}"
        assert f'{name}="$(cat {path})"\nexport {name}\n' in script
        assert path in secret_files


def run_start(folder: Path, registry: str, **secrets: str) -> "subprocess.Popen[str]":
    """The start script as it is, with another program in the registry's place."""
    script = topologies.plain_file(topologies.topology(), "registry", "/etc/portus-stack/start.sh")
    for name, word in secrets.items():
        (folder / name.replace("webhook_secret", "webhook-secret")).write_text(word)
    (folder / "registry").write_text(f"#!/bin/sh\n{registry}\n")
    (folder / "registry").chmod(0o755)
    local = script.replace("/etc/portus-stack/", f"{folder}/").replace("/tmp/log", f"{folder}/log")
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.Popen(
        ["sh", "-c", local], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


SECRETS = {"webhook_secret": "pSECRET", "registry_http_secret": "pOTHER"}


def test_events_carry_the_secret_that_portus_looks_for(tmp_path: Path) -> None:
    """The shell's words put together: what the registry's process finds in its environment."""
    shown, _ = run_start(tmp_path, "env", **SECRETS).communicate(timeout=30)
    (value,) = (line.partition("=")[2] for line in shown.splitlines() if line.startswith(f"{ENDPOINTS}="))
    (endpoint,) = yaml.safe_load(value)
    assert endpoint.pop("headers") == {"Authorization": ["Bearer pSECRET"]}
    assert [endpoint] == document()["notifications"]["endpoints"], "no header is all that differs"
    for process in ("registry", "portus"):
        secret = {file.path: file for file in topologies.topology().process(process).files}[
            "/etc/portus-stack/webhook-secret"
        ]
        assert (secret.mode, secret.secret) == ("0400", True)


def test_start_fails_without_the_secret(tmp_path: Path) -> None:
    started = run_start(tmp_path, "env", registry_http_secret="pOTHER")
    _, errors = started.communicate(timeout=30)
    assert started.returncode
    assert "webhook-secret" in errors


def test_log_does_not_show_the_header_of_the_events(tmp_path: Path) -> None:
    """Distribution ``registry/handlers/app.go``: "configuring endpoint …, headers=map[Authorization:[Bearer …]]"."""
    started = run_start(
        tmp_path,
        'echo first >&2; echo "configuring endpoint, headers=$REGISTRY_NOTIFICATIONS_ENDPOINTS" >&2; printf last >&2',
        **SECRETS,
    )
    _, errors = started.communicate(timeout=30)
    assert "pSECRET" not in errors
    assert re.fullmatch(r"first\nconfiguring endpoint, .*Bearer \(hidden\)\nlast", errors), errors


def test_log_is_shown_while_the_registry_runs(tmp_path: Path) -> None:
    started = run_start(tmp_path, "echo one >&2; echo two >&2; while :; do sleep 0.05; done", **SECRETS)
    assert started.stderr and [started.stderr.readline(), started.stderr.readline()] == ["one\n", "two\n"]
    started.terminate()
    started.communicate(timeout=30)


@pytest.mark.parametrize("status", [0, 2])
def test_last_words_and_status_of_the_registry_are_kept(tmp_path: Path, status: int) -> None:
    for _ in range(20):
        started = run_start(tmp_path, f"echo why >&2; exit {status}", **SECRETS)
        _, errors = started.communicate(timeout=30)
        assert (errors, started.returncode) == ("why\n", status)


def test_stop_reaches_the_registry_which_ends_in_its_own_time(tmp_path: Path) -> None:
    started = run_start(
        tmp_path, "trap 'echo drained; exit 3' TERM; echo ready; while :; do sleep 0.05; done", **SECRETS
    )
    assert started.stdout and started.stdout.readline() == "ready\n"
    started.terminate()
    shown, _ = started.communicate(timeout=30)
    assert (shown, started.returncode) == ("drained\n", 3)


LABELS = some.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
HOSTS = some.lists(LABELS, min_size=2, max_size=4).map(".".join).filter(re.compile(patterns.PUBLIC_HOST[0]).fullmatch)


@given(HOSTS, some.integers(1, 65535))
def test_any_accepted_host_name_reads_back(host: str, port: int) -> None:
    """YAML knows many words that are no text: 1e3, no, null, 12:30, 2026-11-23."""
    token = document({"hostnames": {"portus": f"{host}:{port}", "registry": f"r.test:{port}"}})["auth"]["token"]
    assert token["issuer"] == (host if port == 443 else f"{host}:{port}")


@pytest.mark.parametrize("region", ["no", "1e3", "0x10", "123", "null", "2026-11-23", "true"])
def test_words_that_yaml_would_take_for_something_else_stay_text(region: str) -> None:
    s3 = {**samples.COMPLETE["registry"]["storage"]["s3"], "region": region}
    assert document({"registry": {"storage": {"s3": s3}}})["storage"]["s3"]["region"] == region


def test_the_ca_of_the_bucket_lies_beside_our_own_and_needs_https() -> None:
    trusted = [file for file in topologies.topology(topologies.S3).process("registry").files if "/trust/" in file.path]
    assert [Path(file.path).name for file in trusted] == ["ca.crt", "s3.crt"]
    assert trusted[1].content is not trusted[0].content
    s3 = samples.COMPLETE["registry"]["storage"]["s3"]
    for own in ({}, {"region_endpoint": "http://s3.example.com:9000"}):
        more = {**{key: value for key, value in s3.items() if key != "region_endpoint"}, **own}
        with pytest.raises(InvalidSettings, match=r"registry\.storage\.s3\.ca_certificate_pem: verifies a server"):
            samples.settings({"registry": {"storage": {"s3": more}}})
