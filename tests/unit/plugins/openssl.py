"""The OpenSSL command line as an outside judge."""

import subprocess
from pathlib import Path


def openssl(*arguments: str, text: str = "") -> str:
    """Run `openssl` with `text` on its standard input; what it printed on both streams, whatever its exit code."""
    finished = subprocess.run(
        ["openssl", *arguments], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    return finished.stdout + finished.stderr


def verify(folder: Path, authority: str, certificate: str, *options: str) -> str:
    """What `openssl verify` says about a certificate under one authority."""
    (folder / "ca.pem").write_text(authority)
    (folder / "certificate.pem").write_text(certificate)
    return openssl("verify", "-CAfile", str(folder / "ca.pem"), *options, str(folder / "certificate.pem"))
