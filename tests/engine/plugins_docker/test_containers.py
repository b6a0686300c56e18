"""Containers on the real engine. Numbers in the tests' texts are those of the providers' facts, "What a program can
tell".
"""

import re
import time

import pytest

from tests.engine.plugins_docker.conftest import IMAGE, Stack, docker

pytestmark = pytest.mark.engine


def test_everything_at_once_is_quiet_on_the_second_up_and_after_a_refresh(stack: Stack) -> None:
    """1, 2, 3, 7, 8, 18: names, defaults, ports, sets, networks; then an upload, a health check and limits."""
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
        pulumi.export("port", ports.ports[0].external)
    """)
    steps = stack.steps()
    assert set(steps) == {"create net", "create vol", "create img", "create web", "create ports"}
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
    """9, 10: what Docker changes, what only the state changes, and what a refresh shows again."""
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
    """6."""
    stack.write("""container("c", envs=[f"A={V}"])""")
    stack.up()
    shown = stack.up(2)
    assert shown.index("deleting original") < shown.index("created replacement")


def test_memory_alone_shows_the_swap_limit(stack: Stack) -> None:
    """5, 11."""
    stack.write("""
        container("alone", memory=64)
        container("both", memory=64, memory_swap=128)
    """)
    stack.up()
    assert stack.output("both", "memory") == 64
    assert stack.changes() == {"update alone": {"memorySwap": "delete"}}


def test_an_exited_container_starts_again(stack: Stack) -> None:
    """13, 14: exits, attach and logs."""
    stack.write("""
        container("ended", command=["sh", "-c", "exit 3"], must_run=True)
        container("task", command=["sh", "-c", "echo said; exit 4"], attach=True, logs=True, must_run=False)
        container("idle", start=False, must_run=False,
                  uploads=[{"file": "/data/x", "content": "y", "executable": True}],
                  volumes=[{"container_path": "/data", "volume_name": docker.Volume("vol", labels=LABELS).name}])
    """)
    stack.up()
    assert stack.output("task", "containerLogs") == "said\n"
    assert stack.output("task", "exitCode") == 4
    docker("wait", stack.resource("ended")["id"])  # it may still run when the update looks
    stack.refresh()
    assert stack.output("ended", "mustRun") is False
    assert stack.changes() == {"update ended": {"mustRun": "update"}}
    volume = stack.output("vol", "name")
    mark = f"org.portus-stack.name={stack.label}"
    told = docker("run", "--rm", "--label", mark, "-v", f"{volume}:/d", IMAGE, "stat", "-c", "%a", "/d/x")
    assert told == "744"
    started = docker("inspect", "-f", "{{.State.StartedAt}}", stack.resource("ended")["id"])
    stack.up()
    assert docker("inspect", "-f", "{{.State.StartedAt}}", stack.resource("ended")["id"]) != started


_BROKEN = {
    "no health check": (
        "wait=True",
        "you have supplied a 'wait' argument, but the container does not have a healthcheck defined",
    ),
    "never healthy": (
        'wait=True, wait_timeout=3, healthcheck={"tests": ["CMD", "false"], "interval": "1s"}',
        "container failed to be in healthy state",
    ),
    "empty upload": ('uploads=[{"file": "/x", "content": ""}]', "error with upload content: one of"),
    "no network": ('networks_advanced=[{"name": "no-such-network"}]', "no-such-network not found"),
    "no command": ('command=["/none"]', "Unable to start container: Error response from daemon"),
    "time limit": (
        'wait=True, healthcheck={"tests": ["CMD", "false"]}, '
        'opts=ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="4s"))',
        "container failed to be in healthy state",  # the official text for this limit, too
    ),
}


@pytest.mark.parametrize("broken", _BROKEN)
def test_a_failure_half_way_is_kept_and_repaired(stack: Stack, broken: str) -> None:
    """15: the container exists and is marked; the next update replaces it."""
    arguments, problem = _BROKEN[broken]
    stack.write(f"""
        if V == 1:
            container("c", {arguments})
        else:
            container("c")
    """)
    assert problem in stack.up(succeeds=False)
    resource = stack.resource("c")
    assert problem in resource["initErrors"][0]
    assert docker("inspect", "-f", "{{.Id}}", resource["id"]) == resource["id"]
    assert stack.changes(2)["replace c"]["entrypoints"] == "add-replace"
    stack.up(2)
    assert "initErrors" not in stack.resource("c")
    assert stack.changes(2) == {}


def test_a_refusal_leaves_nothing(stack: Stack) -> None:
    stack.write("""
        container("cap", capabilities={"adds": ["CAP_NOPE"]})
        container("img", image="portus-stack.lab/none:1")
    """)
    shown = stack.up(succeeds=False)
    assert "unknown capability" in shown or "unable to pull image portus-stack.lab/none:1" in shown
    assert stack.resources() == {}


def test_deletion_kills_at_once_or_waits(stack: Stack) -> None:
    """17."""
    trap = "trap 'sleep 1; echo clean > /data/end; exit 0' TERM; while true; do sleep 0.1; done"
    stack.write(f"""
        kept = docker.Volume("kept", labels=LABELS, name=f"{{LABELS[0]['value']}}-kept")
        for name, grace in (("killed", None), ("graceful", 30)):
            container(name, command=["sh", "-c", {trap!r}.replace("end", name)], destroy_grace_seconds=grace,
                      volumes=[{{"container_path": "/data", "volume_name": kept.name}},
                               {{"container_path": "/anonymous"}}])
    """)
    stack.up()
    made = [stack.resource(name) for name in ("killed", "graceful")]
    anonymous = [_anonymous_volume(resource["id"]) for resource in made]
    time.sleep(1)  # the shells have set their traps
    targets = [part for resource in made for part in ("--target", resource["urn"])]
    stack.run("destroy", "--yes", "--skip-preview", *targets)
    mark = f"org.portus-stack.name={stack.label}"
    ended = docker("run", "--rm", "--label", mark, "-v", f"{stack.label}-kept:/d", IMAGE, "ls", "/d")
    assert ended.split() == ["graceful"]
    assert not set(anonymous) & set(docker("volume", "ls", "-q").split())


def _anonymous_volume(container: str) -> str:
    selected = '{{range .Mounts}}{{if eq .Destination "/anonymous"}}{{.Name}}{{end}}{{end}}'
    name = docker("inspect", "-f", selected, container)
    assert name in docker("volume", "ls", "-q").split()
    return name


def test_drift_is_seen_by_refresh_and_repaired_by_up(stack: Stack) -> None:
    stack.write("""
        container("gone")
        container("stopped")
        container("changed", restart="always")
    """)
    stack.up()
    docker("rm", "-f", stack.resource("gone")["id"])
    docker("kill", stack.resource("stopped")["id"])
    docker("update", "--restart", "no", stack.resource("changed")["id"])
    assert stack.changes() == {}
    stack.refresh()
    assert stack.changes() == {
        "create gone": {},
        "update stopped": {"mustRun": "update"},
        "update changed": {"restart": "update"},
    }
    stack.up()
    assert stack.changes() == {}


def test_a_container_is_imported_by_its_full_id(stack: Stack) -> None:
    """22."""
    made = docker("run", "-d", "--label", f"org.portus-stack.name={stack.label}", IMAGE, "sleep", "600")
    stack.write("pass")
    quietly = ["--yes", "--protect=false", "--generate-code=false"]
    stack.run("import", "docker:index/container:Container", "c", made, *quietly)
    assert stack.resource("c")["id"] == made
    assert stack.resource("c")["inputs"]["command"] == ["sleep", "600"]
    refused = stack.run("import", "docker:index/container:Container", "d", made[:12], *quietly, succeeds=False)
    assert "does not exist" in refused


def test_wrong_inputs_fail_at_preview(stack: Stack) -> None:
    """4, 5."""
    stack.write("""
        class Raw(pulumi.CustomResource):
            pass

        Raw("docker:index/container:Container", "c", {"image": IMAGE, "bogus": 1, "memory": "abc"},
            ResourceOptions(version="5.2.0"))
    """)
    shown = stack.run("preview", succeeds=False)
    assert "Examine values at 'c.bogus'." in shown or "memory: strconv.ParseInt" in shown
    assert docker("ps", "-aq", "--filter", f"label=org.portus-stack.name={stack.label}") == ""
