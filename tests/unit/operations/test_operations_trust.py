"""What trust and untrust do to a machine, on folders of a test."""

import json
from pathlib import Path

import pytest

from operations.console import OperationError
from operations.engine import Engine
from operations.stack import Stack
from operations.state import State
from operations.trust import Machine, trust, untrust
from operations.trusted import trusted

from .states import Entry, portus_stack, provider, resource, stack

CA = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
HOSTS = "127.0.0.1 localhost\n"


class DeployedEngine(Engine):
    """An engine whose stack is up with the outputs it was given."""

    def __init__(self, stack: Stack, outputs: Entry) -> None:
        super().__init__(stack)
        self.outputs, self.bound, self.host = outputs, "0.0.0.0", "unix:///var/run/docker.sock"
        self.more: list[Entry] = []

    def export(self, show_secrets: bool = False) -> State:
        """The state with these outputs, and with an edge that listens on ``bound``."""
        edge = resource("container", "s-edge", inputs={"ports": [{"ip": self.bound, "internal": 8443}]})
        resources = [provider(host=self.host), portus_stack(**self.outputs), edge, *self.more]
        return State.from_json(json.dumps({"deployment": {"resources": resources}}))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "certs.d", tmp_path / "hosts")
    machine.hosts.write_text(HOSTS)
    return machine


@pytest.fixture
def engine(tmp_path: Path) -> DeployedEngine:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.s.yaml").write_text("config: {}\n")
    outputs: Entry = {
        "portus_url": "https://p.invalid:8443",
        "registry_url": "r.invalid:8443",
        "ca_certificate_pem": CA,
    }
    return DeployedEngine(stack(tmp_path), outputs)


def test_trust_installs_and_untrust_removes_exactly_that(engine: DeployedEngine, machine: Machine) -> None:
    others = machine.certificates / "other:1"
    others.mkdir(parents=True)
    (others / "ca.crt").write_text("theirs")
    for _ in range(2):
        assert trust(engine, machine=machine) == 0
        assert (machine.certificates / "r.invalid:8443" / "ca.crt").read_text() == CA
        assert (machine.certificates / "p.invalid:8443" / "ca.crt").read_text() == CA
        assert machine.hosts.read_text() == HOSTS + "127.0.0.1 r.invalid p.invalid # portus-stack s\n"
    assert trusted(engine.stack)
    for _ in range(2):
        assert untrust(engine.stack, machine=machine) == 0
        assert machine.hosts.read_text() == HOSTS
        assert [each.name for each in machine.certificates.iterdir()] == ["other:1"]
    assert not trusted(engine.stack)


@pytest.mark.parametrize(("bound", "address"), [("::", "::1"), ("::1", "::1"), ("10.1.2.3", "10.1.2.3")])
def test_names_lead_to_where_the_edge_listens(
    engine: DeployedEngine, machine: Machine, bound: str, address: str
) -> None:
    engine.bound = bound
    assert trust(engine, machine=machine) == 0
    assert machine.hosts.read_text() == HOSTS + f"{address} r.invalid p.invalid # portus-stack s\n"


def test_a_new_address_and_a_new_ca_replace_the_old_ones(engine: DeployedEngine, machine: Machine) -> None:
    trust(engine, machine=machine)
    engine.outputs |= {"portus_url": "https://q.invalid", "registry_url": "q.invalid", "ca_certificate_pem": "new"}
    trust(engine, machine=machine)
    assert {each.name: (each / "ca.crt").read_text() for each in machine.certificates.iterdir()} == {"q.invalid": "new"}
    assert machine.hosts.read_text() == HOSTS + "127.0.0.1 q.invalid # portus-stack s\n"


def test_a_ca_that_docker_trusts_already_is_not_installed(engine: DeployedEngine, machine: Machine) -> None:
    trust(engine, machine=machine)
    engine.outputs |= {"ca_certificate_pem": ""}
    for _ in range(2):
        assert trust(engine, machine=machine) == 0
        assert list(machine.certificates.iterdir()) == []
        assert "r.invalid p.invalid" in machine.hosts.read_text(), "the names are needed all the same"
    engine.outputs |= {"portus_url": "https://localhost:1", "registry_url": "localhost:1"}
    trust(engine, machine=machine)
    assert list(machine.certificates.iterdir()) == []


def test_names_that_lead_somewhere_need_no_line(engine: DeployedEngine, machine: Machine) -> None:
    engine.outputs |= {"portus_url": "https://localhost:1", "registry_url": "localhost:1"}
    trust(engine, machine=machine)
    assert machine.hosts.read_text() == HOSTS


def test_a_ca_of_somebody_else_is_not_overwritten(engine: DeployedEngine, machine: Machine) -> None:
    folder = machine.certificates / "r.invalid:8443"
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_text("theirs")
    with pytest.raises(OperationError, match="did not install"):
        trust(engine, machine=machine)
    assert (folder / "ca.crt").read_text() == "theirs"


def test_who_is_not_root_gets_the_commands(
    engine: DeployedEngine, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(OperationError) as caught:
        trust(engine, machine=machine)
    text = str(caught.value)
    assert "sudo install -D -m 644" in text and "/r.invalid:8443/ca.crt" in text
    assert "echo '127.0.0.1 r.invalid p.invalid # portus-stack s' | sudo tee -a" in text
    assert machine.hosts.read_text() == HOSTS


def test_a_stack_that_is_not_up_cannot_be_trusted(engine: DeployedEngine, machine: Machine) -> None:
    engine.outputs = {}
    with pytest.raises(OperationError, match="not up"):
        trust(engine, machine=machine)


@pytest.mark.parametrize(
    "registry",
    [
        *("x:/../../cron.d", "../r.invalid", "/etc", "r.invalid/..", ".."),
        *("r.invalid\n10.0.0.1 bank.example", "r.invalid bank.example", "r.invalid:8443 ", "", "R.invalid"),
    ],
)
def test_the_state_leads_root_to_no_other_place(engine: DeployedEngine, machine: Machine, registry: str) -> None:
    engine.outputs["registry_url"] = registry
    with pytest.raises(OperationError, match="nothing was changed"):
        trust(engine, machine=machine)
    assert not machine.certificates.exists()
    assert machine.hosts.read_text() == HOSTS


@pytest.mark.parametrize("output", ["registry_url", "portus_url"])
def test_names_are_those_of_the_stack_file(engine: DeployedEngine, machine: Machine, output: str) -> None:
    stack_file = engine.stack.committed_file
    stack_file.write_text(
        'config: {"portus-stack:hostnames": {portus: "p.invalid:8443", registry: "r.invalid:8443"}}\n'
    )
    assert trust(engine, machine=machine) == 0
    untrust(engine.stack, machine=machine)
    engine.outputs[output] = {"registry_url": "docker.io", "portus_url": "https://docker.io"}[output]
    with pytest.raises(OperationError, match=r"has the name docker\.io"):
        trust(engine, machine=machine)
    assert machine.hosts.read_text() == HOSTS


def test_the_port_of_https_may_be_written_out(engine: DeployedEngine, machine: Machine) -> None:
    stack_file = engine.stack.committed_file
    stack_file.write_text('config: {"portus-stack:hostnames": {portus: "p.invalid:443", registry: "r.invalid"}}\n')
    engine.outputs |= {"registry_url": "r.invalid", "portus_url": "https://p.invalid"}
    assert trust(engine, machine=machine) == 0


def test_an_address_that_is_none_begins_no_line(engine: DeployedEngine, machine: Machine) -> None:
    engine.bound = "10.0.0.1 bank.example\n127.0.0.1"
    with pytest.raises(OperationError, match="no IP address"):
        trust(engine, machine=machine)
    assert machine.hosts.read_text() == HOSTS


def test_untrust_removes_from_no_other_place(engine: DeployedEngine, machine: Machine, tmp_path: Path) -> None:
    trust(engine, machine=machine)
    foreign = tmp_path / "elsewhere"
    foreign.mkdir()
    (foreign / "ca.crt").write_text("theirs")
    (engine.stack.state_folder / "trust" / "s.json").write_text(json.dumps([str(foreign)]))
    with pytest.raises(OperationError, match="no place of ours"):
        untrust(engine.stack, machine=machine)
    assert (foreign / "ca.crt").read_text() == "theirs"


def test_an_edge_on_another_host_is_left_to_dns(
    engine: DeployedEngine, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.host = "ssh://u@far"
    assert trust(engine, machine=machine) == 0
    assert machine.hosts.read_text() == HOSTS
    assert "put it into your DNS" in capsys.readouterr().err


@pytest.fixture
def elsewhere(tmp_path: Path, engine: DeployedEngine) -> DeployedEngine:
    """A stack of another project with a second PortusStack, ``second``."""
    other: Entry = {**engine.outputs, "portus_url": "https://second.invalid", "registry_url": "second.invalid"}
    found = DeployedEngine(stack(tmp_path, clone=False), engine.outputs)
    found.more = [portus_stack("second", **other)]
    return found


def test_elsewhere_names_are_given_by_hand(elsewhere: DeployedEngine, machine: Machine) -> None:
    """No stack file there says them, and who can write to the state must not choose what root trusts."""
    with pytest.raises(OperationError, match="which names") as caught:
        trust(elsewhere, "s", machine=machine)
    assert "portus-stack trust --stack s --name s r.invalid:8443 p.invalid:8443" in str(caught.value)
    with pytest.raises(OperationError, match=r"the name p\.invalid:8443, you named r\.invalid:8443"):
        trust(elsewhere, "s", ["r.invalid:8443"], machine)
    assert not machine.certificates.exists()
    assert trust(elsewhere, "s", ["p.invalid:8443", "r.invalid:8443"], machine) == 0
    assert machine.hosts.read_text() == HOSTS + "127.0.0.1 r.invalid p.invalid # portus-stack shop+s+s\n"


@pytest.mark.parametrize("name", ["../s", "s\n10.0.0.1 bank.example", "/etc/s", "s 10.0.0.1"])
def test_a_name_in_the_state_leads_root_to_no_other_place(
    elsewhere: DeployedEngine, machine: Machine, name: str
) -> None:
    elsewhere.more = [portus_stack(name, **elsewhere.outputs)]
    with pytest.raises(OperationError, match="no name of a PortusStack"):
        trust(elsewhere, name, ["p.invalid:8443", "r.invalid:8443"], machine)
    assert machine.hosts.read_text() == HOSTS and not machine.certificates.exists()


def test_each_of_several_is_trusted_by_itself(elsewhere: DeployedEngine, machine: Machine) -> None:
    with pytest.raises(OperationError, match="2 PortusStacks") as caught:
        trust(elsewhere, machine=machine)
    assert "s, second" in str(caught.value)
    trust(elsewhere, "s", ["p.invalid:8443", "r.invalid:8443"], machine)
    trust(elsewhere, "second", ["second.invalid"], machine)
    assert trusted(elsewhere.stack) == ["s", "second"]
    with pytest.raises(OperationError, match="2 PortusStacks"):
        untrust(elsewhere.stack, machine=machine)
    untrust(elsewhere.stack, "second", machine)
    assert trusted(elsewhere.stack) == ["s"]
    untrust(elsewhere.stack, machine=machine)
    assert machine.hosts.read_text() == HOSTS and list(machine.certificates.iterdir()) == []
