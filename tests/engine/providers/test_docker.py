"""pulumi-docker on the real engine: what our description of it to the bridge (lab/engine/providers/docker.go) decides.

Tokens, names, defaults, secrets, imports, and what is replaced in which order.
"""

import re

import pytest

from tests.engine.providers.conftest import IMAGE, Stack, docker

pytestmark = pytest.mark.engine

_LABEL = "org.portus-stack.name"


def test_everything_at_once_is_quiet_on_the_second_up_and_after_a_refresh(stack: Stack) -> None:
    """Names, defaults, ports, sets, networks; then an upload, a health check and limits."""
    stack.write("""
        network = docker.Network("net", labels=LABELS, internal=True)
        volume = docker.Volume("vol", labels=LABELS)
        image = docker.RemoteImage("img", name=IMAGE, keep_locally=True)
        envs = ["B=1", "A=2"] if V == 1 else ["A=2", "B=1"]
        container(
            "web", image=image.image_id, envs=envs, memory=64, memory_swap=64, cpu_shares=512, restart="unless-stopped",
            networks_advanced=[{"name": network.name, "aliases": ["web.test", "a"] if V == 1 else ["a", "web.test"]}],
            volumes=[{"container_path": "/data", "volume_name": volume.name}],
            uploads=[{"file": "/etc/deep/er/file", "content": "hello", "permissions": "0400"}],
            capabilities={"drops": ["ALL"], "adds": ["CAP_CHOWN"]}, security_opts=["no-new-privileges:true"],
            healthcheck={"tests": ["CMD", "true"], "interval": "1s"}, wait=True, wait_timeout=60,
            ulimits=[{"name": "nofile", "soft": 1000, "hard": 2000}], log_opts={"max-size": "1m"}, stop_timeout=5,
        )
        ports = container("ports", ports=[{"internal": 80}])
        container("six", ports=[{"internal": 80, "external": 18080, "ip": "::1"}])
        pulumi.export("port", ports.ports[0].external)
    """)
    steps = stack.steps()
    assert set(steps) == {"create net", "create vol", "create img", "create web", "create ports", "create six"}
    stack.up()
    assert stack.changes() == {}
    assert stack.changes(version=2) == {}
    stack.refresh()
    assert stack.changes(version=2) == {}

    web = stack.resource("web")
    assert re.fullmatch(r"web-[0-9a-f]{7}", web["outputs"]["name"])
    assert web["inputs"]["__defaults"] == [
        *["containerReadRefreshTimeoutMilliseconds", "mustRun", "name", "networkMode", "removeVolumes", "start"],
    ]
    assert web["inputs"]["healthcheck"]["__defaults"] == ["startInterval", "startPeriod", "timeout"]
    assert "rm" not in web["inputs"]
    assert (web["outputs"]["rm"], web["outputs"]["readOnly"]) == (False, False)
    assert web["outputs"]["envs"] == ["A=2", "B=1"]
    assert web["outputs"]["networkMode"] == "bridge"
    networks = docker("inspect", "-f", "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}", web["id"])
    assert networks.split() == [stack.output("net", "name")]
    assert docker("exec", web["id"], "cat", "/etc/deep/er/file") == "hello"
    assert docker("exec", web["id"], "stat", "-c", "%a %u %g", "/etc/deep/er/file") == "400 0 0"
    assert int(stack.run("stack", "output", "port")) > 1024


def test_changes_in_place_keep_the_container(stack: Stack) -> None:
    """What Docker changes, what only the state changes, and what a refresh shows again."""
    stack.write("""
        container("c", restart="no" if V == 1 else "always", memory=64 * V, memory_swap=256, cpu_shares=512 * V,
                  init=V > 1, tmpfs={"/r": f"size={V}m"}, destroy_grace_seconds=V)
    """)
    stack.up()
    before = stack.resource("c")["id"]
    assert stack.changes(2) == {
        "update c": {
            "cpuShares": "update",
            "destroyGraceSeconds": "update",
            "init": "update",
            "memory": "update",
            "restart": "update",
            'tmpfs["/r"]': "update",
        }
    }
    stack.up(2)
    assert stack.resource("c")["id"] == before
    settings = docker("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}}", before)
    assert settings == f"{128 * 1024 * 1024} always"
    assert docker("inspect", "-f", "{{.HostConfig.Init}}", before) == "false"
    assert stack.changes(2) == {}
    stack.refresh()
    assert stack.changes(2) == {"update c": {"init": "update", 'tmpfs["/r"]': "update"}}


def test_a_replacement_deletes_first(stack: Stack) -> None:
    stack.write("""container("c", envs=[f"A={V}"])""")
    stack.up()
    shown = stack.up(2)
    assert shown.index("deleting original") < shown.index("created replacement")


def test_a_container_is_imported_by_its_full_id(stack: Stack) -> None:
    made = docker("run", "-d", "--label", f"org.portus-stack.name={stack.label}", IMAGE, "sleep", "600")
    stack.write("pass")
    quietly = ["--yes", "--protect=false", "--generate-code=false"]
    stack.run("import", "docker:index/container:Container", "c", made, *quietly)
    assert stack.resource("c")["id"] == made
    assert stack.resource("c")["inputs"]["command"] == ["sleep", "600"]
    refused = stack.run("import", "docker:index/container:Container", "d", made[:12], *quietly, succeeds=False)
    assert "does not exist" in refused


def test_wrong_inputs_fail_at_preview(stack: Stack) -> None:
    stack.write("""
        class Raw(pulumi.CustomResource):
            pass

        Raw("docker:index/container:Container", "c", {"image": IMAGE, "bogus": 1, "memory": "abc"},
            ResourceOptions(version="5.2.0"))
    """)
    shown = stack.run("preview", succeeds=False)
    assert "Examine values at 'c.bogus'." in shown or "memory: strconv.ParseInt" in shown
    assert docker("ps", "-aq", "--filter", f"label=org.portus-stack.name={stack.label}") == ""


def test_an_autonamed_network_is_created_first_and_a_named_one_deleted_first(stack: Stack) -> None:
    """A name can be held once only: a network that has one of its own goes before the next one comes."""
    stack.write("""
        docker.Network("auto", labels=LABELS, internal=V > 1)
        docker.Network("named", name=LABELS[0]["value"], labels=LABELS, internal=V > 1)
    """)
    stack.up()
    kinds = {name.split()[1]: name.split()[0] for name in stack.steps(2) if not name.startswith(("same", "replace"))}
    shown = stack.up(2)
    lines = [line for line in shown.splitlines() if "Network" in line]
    first_of = {name: next(line.split()[0] for line in lines if f" {name} " in line) for name in ("auto", "named")}
    assert first_of == {"auto": "++", "named": "--"}, (kinds, shown)


def test_an_image_is_kept_or_untagged(stack: Stack) -> None:
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
