"""What commands refuse and print, without an engine."""

import subprocess
from pathlib import Path

import pytest

from operations.__main__ import main
from operations.console import OperationError
from operations.display import CompactDisplay
from operations.down import refuse_protected
from operations.state import State
from operations.up import summary

from .states import deployment, resource, stack, state

ROOT = Path(__file__).parents[3]


def test_a_protected_stack_is_refused_with_what_is_protected_and_the_way_out() -> None:
    with pytest.raises(OperationError) as caught:
        deployed = state(resource("volume", "s-data", protect=True), resource("network", "s-net"))
        refuse_protected(stack(Path()), deployed)
    text = str(caught.value)
    assert "volume s-data" in text and "s-net" not in text
    assert "data.protect" in text and "make up STACK=s" in text


def test_an_unprotected_stack_is_not_refused() -> None:
    refuse_protected(stack(Path()), state(resource("volume", "s-data")))


def test_retained_data_is_seen_in_pending_operations_too() -> None:
    assert not state().retains_data
    assert state(pending=(("creating", resource("volume", "v", retainOnDelete=True)),)).retains_data


def test_several_portus_stacks_in_one_program_are_all_ours() -> None:
    second = {**deployment("second"), "outputs": {"hex": "11111111"}}
    assert state(second).deployments == {"0a1b2c3d": "s", "11111111": "second"}


def test_the_summary_says_how_to_go_on_and_nothing_secret() -> None:
    outputs = {
        "portus_url": "https://p.test:1",
        "registry_url": "r.test:1",
        "administrator_username": "admin",
        "administrator_password": {"4dabf18193072939515e22adb298388d": "x", "ciphertext": "v1:hidden"},
        "stand_in": True,
    }
    text = summary(stack(Path()), "s", outputs)
    for words in ("https://p.test:1", "make trust STACK=s", "docker login --username admin r.test:1", "SHOW_SECRETS=1"):
        assert words in text
    assert "docker push r.test:1/admin/IMAGE" in text and "never for production" in text
    assert "hidden" not in text


def test_a_state_of_unknown_form_is_an_error() -> None:
    with pytest.raises(OperationError, match="unknown form"):
        State.from_json("[]")


def test_the_compact_display_shows_what_is_new() -> None:
    display = CompactDisplay()
    waiting = " +  docker:index:Container s-edge creating ({}s) waiting for health: starting ({} s)\n"
    lines = {
        " +  docker:index:Container s-edge creating (0s) \n": False,
        waiting.format(2, 1): True,
        waiting.format(3, 2): False,
        waiting.format(17, 16): True,
        " ++ docker:index:Container s-edge creating replacement (9s) [diff: ~image]; starting\n": True,
        " ++ docker:index:Container s-edge creating replacement (10s) [diff: ~image]; starting\n": False,
        " +  docker:index:Container s-edge created (20s) waiting for health: starting (18 s)\n": True,
        "    error: update failed\n": True,
    }
    assert {line: display.shows(line) for line in lines} == lines


@pytest.mark.parametrize(
    "command",
    [
        *("up", "preview", "down", "repair", "status", "diagram", "outputs"),
        *("images-list", "images-load", "timer", "monitoring", "trust", "untrust"),
    ],
)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert "--stack" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["outputs", "--", "--diff"], ["images-load"], ["images-load", "--", "a", "b"]]
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_without_the_tools_the_next_step_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    assert main(["outputs", "--stack", "s"]) == 1
    assert "toolchain/env" in capsys.readouterr().err


def test_make_alone_lists_every_command() -> None:
    done = subprocess.run(["make", "-s", "-C", str(ROOT)], capture_output=True, text=True, check=True)
    commands = [
        "help",
        "up",
        "preview",
        "down",
        "repair",
        "status",
        "diagram",
        "outputs",
        "images-list",
        "images-load",
        "backup",
        "backups",
        "drill",
        "restore",
        "recovery-kit",
        "collect-garbage",
        "timer",
        "monitoring",
        "trust",
        "untrust",
        "images",
        "cluster",
        "cluster-down",
        "test",
        "soak",
        "lint",
        "docs",
        "bench",
        "clean-tools",
    ]
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("    ")]
    assert listed == commands
