"""Outside judges look at what is deployed. What they find is repaired, or accepted with a reason beside this file."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

import pytest
import yaml
from cryptography.x509 import DNSName, SubjectAlternativeName
from sslyze.mozilla_tls_profile import tls_config_checker as mozilla
from sslyze.plugins.certificate_info.implementation import CertificateInfoExtraArgument
from sslyze.scanner.models import ScanCommandsExtraArguments, ServerScanRequest, ServerScanResult, ServerScanStatusEnum
from sslyze.scanner.scanner import Scanner
from sslyze.server_setting import ServerNetworkConfiguration, ServerNetworkLocation

from tests.engine.docker.client import Edge
from tests.engine.docker.container_bench import findings
from tests.engine.docker.deployment import ROOT, Deployment

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

DOCKERFILES = sorted((ROOT / "lab" / "images").glob("*/Dockerfile"))
Finding = tuple[str, str]
"""(what it is about, the judge's name for it)"""


class Accepted(TypedDict):
    """An entry of accepted_findings.yaml."""

    judge: str
    finding: str
    subjects: list[str]
    reason: str


_FILE = Path(__file__).parent / "accepted_findings.yaml"
ACCEPTED: list[Accepted] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))


def judge(name: str, found: Iterable[Finding], about: str = "") -> None:
    """Every finding is accepted, and every accepted finding (on subjects that begin with ``about``) still occurs."""
    known = {(subject, each["finding"]) for each in ACCEPTED if each["judge"] == name for subject in each["subjects"]}
    found = set(found)
    assert found - known == set(), f"{name}: repair these, or accept them with a reason"
    gone = {finding for finding in known - found if finding[0].startswith(about)}
    assert gone == set(), f"{name}: these no longer occur; remove them from accepted_findings.yaml"


def test_every_accepted_finding_has_a_reason() -> None:
    assert {each["judge"] for each in ACCEPTED} <= {"containers", "sslyze", "hadolint"}
    assert [each["finding"] for each in ACCEPTED if len(each["reason"].split()) < 6] == []


def judge_containers(generation: str, deployment: Deployment) -> None:
    containers = deployment.containers()
    assert {"database", "registry", "portus", "edge", "bootstrap", "smoke_check"} <= set(containers)
    found = {(f"{generation}/{role}", each) for role, one in containers.items() for each in findings(one.attrs)}
    judge("containers", found, about=f"{generation}/")


def test_containers_of_generation_2(stack: Deployment) -> None:
    judge_containers("2", stack)


def test_containers_of_generation_1(first_generation: Deployment) -> None:
    judge_containers("1", first_generation)


def scan(edge: Edge, ca: Path, host: str) -> ServerScanResult:
    """All that sslyze can find out about one host name."""
    location = ServerNetworkLocation(hostname=host, port=edge.port, ip_address=edge.address)
    configuration = ServerNetworkConfiguration(tls_server_name_indication=host)
    arguments = ScanCommandsExtraArguments(certificate_info=CertificateInfoExtraArgument(custom_ca_file=ca))
    scanner = Scanner()
    scanner.queue_scans([ServerScanRequest(location, configuration, scan_commands_extra_arguments=arguments)])
    (result,) = scanner.get_results()
    assert result.scan_status == ServerScanStatusEnum.COMPLETED, result.connectivity_error_trace
    return result


def test_edge_speaks_modern_tls_for_both_names(edge: Edge, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text(edge.ca_pem)
    found = set()
    for name, host in (("portus", edge.portus_host), ("registry", edge.registry_host)):
        result = scan(edge, ca, host)
        _chain_and_names_are_right(result, edge)
        _versions_and_ciphers_are_right(result)
        found |= {(name, issue) for issue in _mozilla_issues(result)}
    judge("sslyze", found)


_PUBLIC_STORES = ("Android", "Apple", "Java", "Mozilla", "Windows")
"""Trust stores that sslyze brings along; the one besides is the stack's CA."""


def _chain_and_names_are_right(result: ServerScanResult, edge: Edge) -> None:
    """Its own CA verifies it, leaf first, and it carries both public names and no other."""
    assert result.scan_result is not None
    information = result.scan_result.certificate_info.result
    assert information is not None
    (deployment,) = information.certificate_deployments
    own = [each for each in deployment.path_validation_results if not each.trust_store.name.startswith(_PUBLIC_STORES)]
    assert [each.was_validation_successful for each in own] == [True], own
    assert deployment.received_chain_has_valid_order
    assert deployment.verified_chain_has_sha1_signature is not True
    leaf = deployment.received_certificate_chain[0]
    names = leaf.extensions.get_extension_for_class(SubjectAlternativeName).value.get_values_for_type(DNSName)
    assert set(names) == {edge.portus_host, edge.registry_host}


def _versions_and_ciphers_are_right(result: ServerScanResult) -> None:
    """TLS 1.2 and 1.3, forward secrecy and authenticated encryption in each cipher."""
    assert result.scan_result is not None
    accepted = {}
    for version in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2", "tls_1_3"):
        suites = getattr(result.scan_result, f"{version}_cipher_suites").result
        accepted[version] = {each.cipher_suite.name for each in suites.accepted_cipher_suites}
    assert {version for version, suites in accepted.items() if suites} == {"tls_1_2", "tls_1_3"}
    assert [name for name in accepted["tls_1_2"] if not name.startswith("TLS_ECDHE_")] == []
    weak = [name for name in accepted["tls_1_2"] | accepted["tls_1_3"] if "GCM" not in name and "POLY1305" not in name]
    assert weak == []


def _mozilla_issues(result: ServerScanResult) -> set[str]:
    """Names of what does not comply with Mozilla's intermediate profile."""
    profile = mozilla.MozillaTlsConfiguration.get(mozilla.TlsConfigurationEnum.MOZILLA_INTERMEDIATE)
    try:
        mozilla.check_server_against_tls_configuration(result, profile)
    except mozilla.ServerNotCompliantWithTlsConfiguration as refusal:
        return set(refusal.issues)
    return set()


def hadolint(dockerfile: Path) -> set[str]:
    """The rules that a Dockerfile breaks."""
    command = ["hadolint", "--no-color", "--format", "tty", str(dockerfile)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert (done.returncode != 0) == bool(done.stdout)
    return {line.split()[1] for line in done.stdout.splitlines()}


def test_hadolint_finds_nothing_new_in_the_labs_images(tmp_path: Path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM debian\nRUN sudo apt-get install curl\n")
    assert {"DL3004", "DL3006"} <= hadolint(bad), "hadolint finds nothing in a bad Dockerfile"
    assert DOCKERFILES
    judge("hadolint", {(path.parent.name, rule) for path in DOCKERFILES for rule in hadolint(path)})
