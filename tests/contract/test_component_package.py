"""The component as others get it: a plugin for programs in any language, and a wheel for programs in Python."""

import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import errors_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from components.portus import OUTPUTS
from components.portus._version import __version__
from tests.contract.pretend_engine import Engine
from tests.contract.project_files import ROOT, project_files

SNAPSHOT = Path(__file__).parent / "snapshots" / "schema.json"
ADVICE = f"""The public interface of PortusStack has changed. Read the difference as a user would:
  - what was removed, renamed or made required breaks programs: it needs a new major version and a line in CHANGELOG.md;
    to deprecate instead: keep the argument, let its docstring begin with "Deprecated: use NEW.", read both in
    settings/, refuse them together, warn with pulumi.log.warn when the old one is given, and remove it with the next
    major version;
  - what was added must be optional, described, and in Pulumi.yaml.
When it is what you want, renew the snapshot: UPDATE_SNAPSHOTS=1 pytest {Path(__file__).relative_to(ROOT)}"""


@pytest.fixture(scope="module")
def running_engine() -> Iterator[Engine]:
    started = Engine()
    yield started
    started.server.stop(grace=None)


@pytest.fixture
def engine(running_engine: Engine) -> Engine:
    running_engine.registered.clear()
    return running_engine


@pytest.fixture(scope="module")
def plugin(running_engine: Engine) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The plugin, started as the language host starts it."""
    command = [sys.executable, "-u", str(ROOT / "components"), running_engine.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        port = process.stdout.readline().strip()
        assert port.isdigit(), process.stderr.read()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
        process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def schema(plugin: provider_pb2_grpc.ResourceProviderStub) -> dict[str, Any]:
    answer = plugin.GetSchema(provider_pb2.GetSchemaRequest(), timeout=30)
    parsed: dict[str, Any] = json.loads(answer.schema)
    return parsed


def test_plugin_says_its_version(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    assert plugin.GetPluginInfo(empty_pb2.Empty(), timeout=30).version == __version__


def test_schema_is_the_one_that_was_reviewed(schema: dict[str, Any]) -> None:
    found = json.dumps({**schema, "version": ""}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert found == SNAPSHOT.read_text(encoding="utf-8"), ADVICE


def test_schema_has_one_component_and_describes_all_of_it(schema: dict[str, Any]) -> None:
    assert list(schema["resources"]) == ["portus:index:PortusStack"]
    component = schema["resources"]["portus:index:PortusStack"]
    groups = [component, *(one for one in schema["types"].values() if "properties" in one)]
    for group in groups:
        for name, one in {**group.get("inputProperties", {}), **group["properties"]}.items():
            assert one.get("description"), name


def test_only_host_names_are_required(schema: dict[str, Any]) -> None:
    assert schema["resources"]["portus:index:PortusStack"]["requiredInputs"] == ["hostnames"]


def test_program_in_another_language_gets_the_whole_stack(
    plugin: provider_pb2_grpc.ResourceProviderStub, engine: Engine
) -> None:
    """Every number arrives as a float, every name in camel case."""
    inputs = {
        "hostnames": {"portus": "p.test:8443", "registry": "r.test:8443"},
        "docker": {"httpPort": 8080, "bindAddress": "127.0.0.1"},
        "portus": {"startTimeoutSeconds": 300, "settings": {"email.name": "Hub"}},
    }
    answer = plugin.Construct(engine.construction(inputs), timeout=60)
    assert answer.urn.endswith("portus:index:PortusStack::test")
    assert set(answer.state) == {
        *("portusUrl", "registryUrl", "caCertificatePem", "certificatesExpireAt", "administratorUsername"),
        *("administratorPassword", "images", "smokeCheck", "standIn"),
    }
    assert engine.registered.count("docker:index/container:Container") == 12
    (outputs,) = [each for urn, each in engine.outputs.items() if urn.endswith("portus:index:PortusStack::test")]
    assert outputs == set(OUTPUTS), "the commands read them from the state, whatever the program is written in"


def test_invalid_arguments_are_told_by_property(plugin: provider_pb2_grpc.ResourceProviderStub, engine: Engine) -> None:
    """A program in another language sees the same problems, in its own spelling, and no stack trace of ours."""
    inputs = {"hostnames": {"portus": "here", "registry": "r.test"}, "smokeCheck": "yes"}
    with pytest.raises(grpc.RpcError) as caught:
        plugin.Construct(engine.construction(inputs), timeout=30)
    assert "portus:index:PortusStack" not in engine.registered, "nothing is created"
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT, caught.value.details()
    details = {one.key: one.value for one in caught.value.trailing_metadata()}["grpc-status-details-bin"]
    status = status_pb2.Status.FromString(details)
    errors = errors_pb2.InputPropertiesError()
    assert status.details[0].Unpack(errors)
    assert [error.property_path for error in errors.errors] == ["hostnames.portus", "smokeCheck"]
    assert ".py" not in str(caught.value.details())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, as setuptools leaves folders behind."""
    folder = tmp_path_factory.mktemp("wheel")
    for path in project_files():
        if path.parts[0] in ("components", "operations") or len(path.parts) == 1:
            (folder / "source" / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, folder / "source" / path)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(folder),
    ]
    built = subprocess.run([*command, str(folder / "source")], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    return found


def test_wheel_holds_the_library_its_types_and_its_scripts(wheel: Path) -> None:
    assert wheel.name == f"pulumi_portus-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    library = {
        f"pulumi_portus/{place}{path.relative_to(folder)}"
        for folder, place in (("components/portus", ""), ("operations", "operations/"))
        for path in project_files(".py", ".rb")
        if path.is_relative_to(folder)
    }
    assert library | {"pulumi_portus/py.typed"} <= names
    assert {name.split("/")[0] for name in names} == {"pulumi_portus", f"pulumi_portus-{__version__}.dist-info"}


def test_wheel_installs_into_an_empty_environment_and_can_be_imported(wheel: Path, tmp_path: Path) -> None:
    """What it depends on is lent by the tests' environment: that all of it is declared, the import rules test."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(install, check=True)
    lent = next(path for path in sys.path if path.endswith("site-packages"))
    program = (
        "import importlib.resources, pulumi_portus;"
        "assert importlib.resources.files('pulumi_portus').joinpath('py.typed').is_file();"
        "assert importlib.resources.files('pulumi_portus').joinpath('tasks/scripts/bootstrap.py').is_file();"
        "print(pulumi_portus.__file__, pulumi_portus.__version__, pulumi_portus.PortusStack.__name__)"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": lent}
    shown = subprocess.run(
        [python, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    place, version, name = shown.stdout.split()
    assert Path(place).is_relative_to(tmp_path / "venv")
    assert (version, name) == (__version__, "PortusStack")


def _type_check(program: Path, installed: Path) -> "subprocess.CompletedProcess[str]":
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file",
        os.devnull,
        "--cache-dir",
        str(installed / "cache"),
    ]
    environment = {**os.environ, "MYPYPATH": str(installed)}
    return subprocess.run(
        [*command, str(program)], env=environment, cwd=program.parent, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content; and what mypy remembers of the SDKs, which takes it half a minute."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.parametrize(
    "program", ["platform/__main__.py", "consumer/__main__.py", "adopt/__main__.py", "automation/deploy.py"]
)
def test_example_is_typed_against_the_wheel(installed: Path, tmp_path: Path, program: str) -> None:
    """What a user's type checker sees: the wheel, which says that it is typed, and nothing of this clone."""
    copy = tmp_path / "program.py"
    shutil.copy(ROOT / "examples" / program, copy)
    shown = _type_check(copy, installed)
    assert shown.returncode == 0, shown.stdout
    if "registry_url" in copy.read_text() and "PortusStack(" in copy.read_text():
        copy.write_text(copy.read_text().replace(".registry_url", ".registry_uri"))
        assert "registry_uri" in _type_check(copy, installed).stdout, "the types tell"
