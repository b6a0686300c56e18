"""Networks, volumes, images, functions, hosts and interruptions on the real engine."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.engine.plugins_docker.conftest import IMAGE, Stack, docker

pytestmark = pytest.mark.engine

_LABEL = "org.portus-stack.name"


def test_an_existing_volume_is_adopted_and_an_existing_network_is_an_error(stack: Stack) -> None:
    """20."""
    mark = f"{_LABEL}={stack.label}"
    docker("volume", "create", "--label", mark, "--label", "theirs=1", f"{stack.label}-vol")
    stack.write("""docker.Volume("vol", name=LABELS[0]["value"] + "-vol", labels=LABELS)""")
    stack.up()
    stack.refresh()
    assert {"label": "theirs", "value": "1"} in stack.output("vol", "labels")
    stack.destroy()
    assert docker("volume", "ls", "-q", "--filter", f"label={mark}") == ""
    docker("network", "create", "--label", mark, f"{stack.label}-net")
    stack.write("""docker.Network("net", name=LABELS[0]["value"] + "-net", labels=LABELS)""")
    shown = stack.up(succeeds=False)
    assert f"Unable to create network: Error response from daemon: network with name {stack.label}-net" in shown


def test_an_autonamed_network_is_created_first_and_a_named_one_deleted_first(stack: Stack) -> None:
    """6, 19: and both take two seconds."""
    stack.write("""
        docker.Network("auto", labels=LABELS, internal=V > 1)
        docker.Network("named", name=LABELS[0]["value"], labels=LABELS, internal=V > 1)
    """)
    began = time.monotonic()
    stack.up()
    assert time.monotonic() - began >= 2
    kinds = {name.split()[1]: name.split()[0] for name in stack.steps(2) if not name.startswith(("same", "replace"))}
    shown = stack.up(2)
    lines = [line for line in shown.splitlines() if "Network" in line]
    first_of = {name: next(line.split()[0] for line in lines if f" {name} " in line) for name in ("auto", "named")}
    assert first_of == {"auto": "++", "named": "--"}, (kinds, shown)


def test_a_network_in_use_fails_after_thirty_seconds(stack: Stack) -> None:
    """19."""
    stack.write("""docker.Network("net", labels=LABELS)""")
    stack.up()
    name = stack.output("net", "name")
    user = docker("run", "-d", "--label", f"{_LABEL}={stack.label}", "--network", name, IMAGE, "sleep", "600")
    shown = stack.run("destroy", "--yes", "--skip-preview", succeeds=False)
    assert "timeout while waiting for state to become 'removed' (last state: 'pending', timeout: 30s)" in shown
    docker("rm", "-f", user)
    stack.destroy()


def test_an_image_is_kept_or_untagged(stack: Stack) -> None:
    """21."""
    own = f"{IMAGE.rsplit(':', 1)[0]}:{stack.label}"
    docker("tag", IMAGE, own)
    stack.write(f"""
        docker.RemoteImage("kept", name=IMAGE, keep_locally=True)
        docker.RemoteImage("own", name={own!r})
    """)
    stack.up()
    resource = stack.resource("own")
    assert resource["id"] == resource["outputs"]["imageId"] + own
    assert resource["outputs"]["repoDigest"] == ""
    assert stack.changes() == {}
    stack.destroy()
    assert docker("images", "-q", own) == ""
    assert docker("images", "-q", IMAGE) != ""


def test_networks_and_volumes_are_imported_by_name(stack: Stack) -> None:
    """22."""
    mark = f"{_LABEL}={stack.label}"
    network = docker("network", "create", "--label", mark, stack.label)
    docker("volume", "create", "--label", mark, stack.label)
    stack.write("pass")
    for token, name, given in (("network:Network", "byid", network), ("volume:Volume", "vol", stack.label)):
        stack.run("import", f"docker:index/{token}", name, given, "--yes", "--protect=false", "--generate-code=false")
        assert stack.resource(name)["outputs"]["name"] == stack.label
        assert stack.resource(name)["inputs"]["labels"][0]["value"] == stack.label
    refused = stack.run(
        "import", "docker:index/remoteImage:RemoteImage", "img", IMAGE, "--yes", "--generate-code=false", succeeds=False
    )
    assert "does not exist" in refused


def test_functions(stack: Stack) -> None:
    stack.write("""
        task = container("task", command=["sh", "-c", "echo one; echo two >&2"], attach=True, must_run=False)
        network = docker.Network("net", labels=LABELS, internal=True)
        pulumi.export("lines", docker.get_logs_output(name=task.id).logs_list_strings.apply(sorted))
        pulumi.export("internal", docker.get_network_output(name=network.name).internal)
        pulumi.export("image", docker.get_remote_image(name=IMAGE).id)
    """)
    stack.up()
    assert stack.run("stack", "output", "lines") == '["one","two"]\n'
    assert stack.run("stack", "output", "internal") == "true\n"
    assert stack.run("stack", "output", "image").strip() == docker("inspect", "-f", "{{.Id}}", IMAGE)


def test_secrets_stay_secret(stack: Stack) -> None:
    stack.write("""
        container("c", envs=[pulumi.Output.secret("P=s3cret")],
                  uploads=[{"file": "/x", "content": pulumi.Output.secret("s3cret")}])
    """)
    assert "s3cret" not in stack.run("preview", "--diff")
    assert "s3cret" not in stack.up()
    assert "s3cret" not in stack.run("stack", "export")
    assert docker("exec", stack.resource("c")["id"], "cat", "/x") == "s3cret"


def test_an_engine_over_ssh(stack: Stack, tmp_path: Path) -> None:
    """The `ssh` program is replaced by one that gives the remote command to a shell here, as sshd does."""
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(f"""#!/bin/sh
        echo "$@" >> {tmp_path}/called
        while [ "$1" != -- ]; do shift; done
        shift 2
        exec sh -c "$*"
    """)
    ssh.chmod(0o755)
    stack.environment = {**stack.environment, "PATH": f"{ssh.parent}:{stack.environment['PATH']}"}
    stack.write("""
        far = docker.Provider("far", host="ssh://operator@far.test:2222", ssh_opts=["-o", "BatchMode=yes"])
        volume = docker.Volume("vol", labels=LABELS, opts=ResourceOptions(provider=far))
        container("c", uploads=[{"file": "/x", "content": "y" * 100000}], opts=ResourceOptions(provider=far),
                  healthcheck={"tests": ["CMD", "test", "-s", "/x"], "interval": "1s"}, wait=True)
    """)
    stack.up()
    called = (tmp_path / "called").read_text()
    assert "-l operator -p 2222 -o BatchMode=yes -o ConnectTimeout=30 -T -- far.test docker system dial-stdio" in called
    assert stack.changes() == {}
    stack.destroy()


def test_no_engine_is_an_error_at_preview(stack: Stack) -> None:
    stack.write("""docker.Volume("v", opts=ResourceOptions(
        provider=docker.Provider("none", host="unix:///none.sock")))""")
    shown = stack.run("preview", succeeds=False)
    assert "failed to connect to any docker daemon" in shown


def test_an_interrupted_wait_ends_promptly_and_the_next_up_goes_on(stack: Stack) -> None:
    stack.write("""
        container("c", wait=True, wait_timeout=120 if V == 1 else 60,
                  healthcheck={"tests": ["CMD", "false" if V == 1 else "true"], "interval": "1s"})
    """)
    environment = stack.run_environment
    command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"]
    with subprocess.Popen(
        command,
        cwd=stack.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        _wait_for_container(stack.label)
        os.kill(process.pid, signal.SIGINT)
        began = time.monotonic()
        process.communicate(timeout=60)
        assert time.monotonic() - began < 30
    assert stack.resource("c")["initErrors"]
    stack.up(2)
    assert stack.changes(2) == {}
    assert len(docker("ps", "-aq", "--filter", f"label={_LABEL}={stack.label}").split()) == 1


def _wait_for_container(label: str) -> None:
    end = time.monotonic() + 60
    while not docker("ps", "-q", "--filter", f"label={_LABEL}={label}"):
        assert time.monotonic() < end, "the container did not start"
        time.sleep(0.2)
