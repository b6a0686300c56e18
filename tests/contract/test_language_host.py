"""The language host with the real engine: programs, their options, configuration, errors and virtual environments."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.language_host_project import MakeProject

pytest_plugins = ("tests.contract.language_host_fixtures",)
pytestmark = pytest.mark.engine


def virtualenv_at(folder: Path, shell: dict[str, str]) -> None:
    """A virtual environment with the packages of the one that the toolchain made, without installing them again."""
    python = shell["PATH"].split(":")[1] + "/python3"
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (packages / "toolchain.pth").write_text(site)


def test_program_runs_and_a_second_update_changes_nothing(make_project: MakeProject) -> None:
    project = make_project("import pulumi\npulumi.export('answer', 42)\n")
    assert "+ 1 created" in project.pulumi("up", "--yes", "--stack", "test")
    assert project.outputs() == {"answer": 42}
    assert "1 unchanged" in project.pulumi("up", "--yes", "--stack", "test", "--expect-no-changes")


def test_program_is_told_its_project_stack_organization_and_whether_it_is_a_preview(make_project: MakeProject) -> None:
    project = make_project(
        """
        import os, sys, pulumi
        pulumi.export("facts", [pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization(),
                                pulumi.runtime.is_dry_run(), os.getcwd(), pulumi.get_root_directory()])
        """
    )
    project.pulumi("up", "--yes", "--stack", "test")
    folder = str(project.folder)
    assert project.outputs() == {"facts": ["host-test", "test", "organization", False, folder, folder]}


def test_configuration_arrives_and_secret_configuration_stays_secret(make_project: MakeProject) -> None:
    project = make_project(
        """
        import pulumi
        config = pulumi.Config()
        pulumi.export("plain", config.require("plain"))
        pulumi.export("hidden", config.require_secret("hidden"))
        pulumi.export("object", config.require_object("object"))
        """
    )
    secret = "s3cret-Value"
    project.pulumi("config", "set", "plain", "text with 'quotes' and ünicode", "--stack", "test")
    project.pulumi("config", "set", "--secret", "hidden", secret, "--stack", "test")
    project.pulumi("config", "set", "--path", "object.list[0]", "7", "--stack", "test")
    shown = project.pulumi("up", "--yes", "--stack", "test")
    outputs = project.outputs()
    assert outputs == {"plain": "text with 'quotes' and ünicode", "hidden": secret, "object": {"list": [7]}}
    exported = project.pulumi("stack", "export", "--stack", "test")
    assert secret not in shown + exported


def test_arguments_of_a_program_hold_no_secret(make_project: MakeProject) -> None:
    project = make_project(
        """
        import pulumi
        arguments = open("/proc/self/cmdline").read()
        pulumi.export("leaks", pulumi.Config().require("hidden") in arguments)
        """
    )
    project.pulumi("config", "set", "--secret", "hidden", "s3cret-Value", "--stack", "test")
    project.pulumi("up", "--yes", "--stack", "test")
    assert project.outputs() == {"leaks": False}


def test_an_exception_is_shown_once_and_as_the_users_own_trace(make_project: MakeProject) -> None:
    project = make_project("def f():\n    raise ValueError('the reason')\nf()\n")
    shown = project.pulumi("preview", "--stack", "test", status=None)
    assert shown.count("ValueError: the reason") == 1
    assert "__main__.py" in shown
    assert "non-zero exit code" not in shown  # status 32: the program has shown its error


def test_a_run_error_is_shown_without_a_trace(make_project: MakeProject) -> None:
    project = make_project("import pulumi\nraise pulumi.RunError('wrong input')\n")
    shown = project.pulumi("preview", "--stack", "test", status=None)
    assert "wrong input" in shown
    assert "Traceback" not in shown


def test_another_exit_status_is_reported(make_project: MakeProject) -> None:
    project = make_project("import os\nos._exit(7)\n")
    shown = project.pulumi("preview", "--stack", "test", status=None)
    assert "program exited with non-zero exit code: 7" in shown


def test_a_program_that_is_killed_is_reported(make_project: MakeProject) -> None:
    project = make_project("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    assert "program was ended by SIGKILL" in project.pulumi("preview", "--stack", "test", status=None)


def test_output_of_a_program_is_shown(make_project: MakeProject) -> None:
    project = make_project("import sys\nprint('on stdout')\nprint('on stderr', file=sys.stderr)\n")
    shown = project.pulumi("preview", "--stack", "test")
    assert "on stdout" in shown
    assert "on stderr" in shown


def test_virtualenv_option_chooses_the_interpreter(make_project: MakeProject, shell: dict[str, str]) -> None:
    project = make_project(
        "import sys, os, pulumi\npulumi.export('python', [sys.prefix, os.environ['VIRTUAL_ENV']])\n",
        runtime="{name: python, options: {virtualenv: mine}}",
    )
    virtualenv_at(project.folder / "mine", shell)
    project.pulumi("up", "--yes", "--stack", "test")
    mine = str(project.folder / "mine")
    assert project.outputs() == {"python": [mine, mine]}


def test_a_virtualenv_that_is_not_there_is_an_error_with_a_way_out(make_project: MakeProject) -> None:
    project = make_project("", runtime="{name: python, options: {virtualenv: missing}}")
    shown = project.pulumi("preview", "--stack", "test", status=None)
    assert str(project.folder / "missing") in shown
    assert "pulumi install" in shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("{toolchain: poetry}", "toolchain: poetry is not supported"),
        ("{virtualenv: 3}", "virtualenv must be a string"),
        ("{typechecker: pytype}", "pytype is neither mypy nor pyright"),
    ],
)
def test_an_option_that_is_not_followed_is_refused(make_project: MakeProject, options: str, message: str) -> None:
    project = make_project("", runtime=f"{{name: python, options: {options}}}")
    assert message in project.pulumi("preview", "--stack", "test", status=None)


def test_typechecker_option_stops_a_program_with_type_errors(make_project: MakeProject) -> None:
    project = make_project("wrong: int = 'text'\n", runtime="{name: python, options: {typechecker: mypy}}")
    shown = project.pulumi("preview", "--stack", "test", status=None)
    assert "Incompatible types in assignment" in shown


def test_install_makes_the_virtualenv_and_streams_what_pip_says(make_project: MakeProject) -> None:
    project = make_project("", runtime="{name: python, options: {virtualenv: venv}}")
    project.write("package/pyproject.toml", "[project]\nname = 'nothing-needed'\nversion = '1'\n")
    project.write("requirements.txt", "--no-index\n")
    shown = project.pulumi("install")
    assert "Creating virtual environment" in shown
    assert "Finished installing dependencies" in shown
    assert (project.folder / "venv" / "bin" / "python").exists()


def test_a_failed_installation_names_the_step(make_project: MakeProject) -> None:
    project = make_project("", runtime="{name: python, options: {virtualenv: venv}}")
    project.write("requirements.txt", "--no-index\nno-such-package==1\n")
    shown = project.pulumi("install", status=None)
    assert "No matching distribution found for no-such-package" in shown
    assert "Installing requirements.txt failed with exit code 1" in shown


def test_about_tells_interpreter_and_packages(make_project: MakeProject) -> None:
    about = json.loads(make_project("").pulumi("about", "--json", "--stack", "test"))
    assert about["runtime"]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert about["runtime"]["toolchain"] == "pip"
    assert "pulumi-random" in {dependency["name"].replace("_", "-") for dependency in about["dependencies"]}
