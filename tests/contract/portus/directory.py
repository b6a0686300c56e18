"""A real LDAP server for the contract tests: who is in it, and what Portus is told about it."""

from __future__ import annotations

from tests.contract.standin_harness import Lab, docker, logs, wait_until

IMAGE = "portus-stack.lab/ldap:2.5"
SUFFIX = "dc=portus,dc=test"
READER_PASSWORD = "reader-pass-1"
ALICE_PASSWORD = "alice-pass-1"
IMPOSTER_PASSWORD = "imposter-pass-1"
IMPOSTERS = ("admin", "smoke-check", "portus")
"""Entries under the names of users that Portus' own database has."""


def _entry(uid: str, password: str, kind: str = "staff") -> str:
    return f"""dn: uid={uid},ou=people,{SUFFIX}
objectClass: inetOrgPerson
uid: {uid}
cn: {uid}
sn: {uid}
mail: {uid}@people.test
employeeType: {kind}
userPassword: {password}

"""


def entries(alice_password: str = ALICE_PASSWORD) -> str:
    """The directory as LDIF: a reader, alice, bob who is filtered out, and the imposters."""
    return (
        f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: test\ndc: portus\n\n"
        f"dn: cn=reader,{SUFFIX}\nobjectClass: simpleSecurityObject\nobjectClass: organizationalRole\ncn: reader\n"
        f"userPassword: {READER_PASSWORD}\n\n"
        f"dn: ou=people,{SUFFIX}\nobjectClass: organizationalUnit\nou: people\n\n"
        + _entry("alice", alice_password)
        + _entry("bob", "bob-pass-1", "guest")
        + "".join(_entry(name, IMPOSTER_PASSWORD) for name in IMPOSTERS)
    )


def environment(port: int = 389, **changes: str) -> dict[str, str | None]:
    """Portus' variables; ``changes`` are options below ``ldap`` with ``__`` for the dot."""
    options = {
        "ENABLED": "true",
        "HOSTNAME": "ldap",
        "PORT": str(port),
        "BASE": f"ou=people,{SUFFIX}",
        "FILTER": "(employeeType=staff)",
        "UID": "uid",
        "AUTHENTICATION_ENABLED": "true",
        "AUTHENTICATION_BIND_DN": f"cn=reader,{SUFFIX}",
        "AUTHENTICATION_PASSWORD": READER_PASSWORD,
        "GUESS_EMAIL_ENABLED": "true",
        "GUESS_EMAIL_ATTR": "mail",
        **{name.upper().replace("__", "_"): value for name, value in changes.items()},
    }
    return {f"PORTUS_LDAP_{name}": value for name, value in options.items()}


class Directory:
    """The server ``ldap`` of a lab; over TLS with the lab's certificate when ``tls``."""

    def __init__(self, lab: Lab, *, tls: bool = False) -> None:
        self._folder = lab.folder / "directory"
        self._folder.mkdir(exist_ok=True)
        self.write(entries())
        mounts = [f"--volume={self._folder}:/directory:ro"]
        if tls:
            mounts += [f"--volume={lab.folder}/tls.{kind}:/tls/tls.{kind}:ro" for kind in ("crt", "key")]
            mounts += ["--env=LDAP_URLS=ldap:/// ldaps:///", "--env=LDAP_REQUIRE_TLS=1"]
        self.container = lab.start("ldap", IMAGE, *mounts)
        self.wait()

    def write(self, ldif: str) -> None:
        """What the directory holds from its next start on."""
        (self._folder / "people.ldif").write_text(ldif)

    def restart(self) -> None:
        """Start again from the LDIF."""
        started = self._starts()
        docker("restart", "--time=5", self.container)
        wait_until(lambda: self._starts() > started, "the directory serves again", lambda: logs(self.container))

    def wait(self) -> None:
        """Wait until it serves."""
        wait_until(lambda: self._starts() > 0, "the directory serves", lambda: logs(self.container))

    def _starts(self) -> int:
        return logs(self.container).count("slapd starting")
