"""What the tasks' TLS client takes and refuses."""

import ssl
from pathlib import Path

import pytest
from http_client import tls_context

from tests.unit.portus import pems

NAME = pems.NAMES[0]
DEFAULT = ssl.create_default_context


def strict(cafile: str) -> ssl.SSLContext:
    """The default of Python 3.13, in whichever Python the tests run."""
    context = DEFAULT(cafile=cafile)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def handshake(client: ssl.SSLContext, server: pems.Pair, folder: Path) -> None:
    """In memory; raises what the client says of the server's certificate."""
    (folder / "server.pem").write_text(server.pem + server.key_pem)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "server.pem")
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [serving.wrap_bio(up, down, server_side=True), client.wrap_bio(down, up, server_hostname=NAME)]
    waiting = list(ends)
    while waiting:
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                pass


@pytest.fixture
def authority(tmp_path: Path) -> str:
    """A CA as the usual recipes make it: its certificates name no key of their issuer."""
    path = tmp_path / "ca.crt"
    path.write_text(pems.ROOT.pem)
    return str(path)


def test_own_ca_that_python_3_13_refuses_by_default_is_taken(
    authority: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = pems.issued("server", pems.ROOT, names=[NAME])
    with pytest.raises(ssl.SSLCertVerificationError, match=r"(?i)key identifier|key usage"):
        handshake(strict(authority), server, tmp_path)
    monkeypatch.setattr(ssl, "create_default_context", strict)
    handshake(tls_context(authority), server, tmp_path)


@pytest.mark.parametrize(
    "server",
    [
        pems.issued("server", pems.OTHER, names=[NAME]),
        pems.issued("server", pems.ROOT, names=["other.test"]),
        pems.issued("server", pems.ROOT, names=[NAME], begins=pems.NOW - 9 * pems.DAY, ends=pems.NOW - pems.DAY),
    ],
    ids=["another CA", "another name", "expired"],
)
def test_what_docker_clients_refuse_is_refused(server: pems.Pair, authority: str, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tls_context(authority), server, tmp_path)
