"""MariaDB.

Sources: the official image's documentation (``MARIADB_*_FILE``, ``healthcheck.sh``); SUSE/Portus ``examples/compose``
(character set; utf8mb4 and latin1 both break Portus: #2001, #1688). It takes TLS only from everybody but its own
socket, which the health check uses (MariaDB 10.5 and later: ``require_secure_transport``). A newer release brings the
system tables up to date before anybody can connect (``MARIADB_AUTO_UPGRADE``), and keeps those of before beside them.
"""

from ..certificates import Certificates
from ..credentials import Credentials
from ..naming import files_path
from ..settings import Settings
from ..topology import Data, File, Limits, Link, Probe, Security, Workload

PORT = 3306
USERNAME = "portus"
DATABASE = "portus"
_MYSQL_USER = "999:999"
_DATA_PATH = "/var/lib/mysql"
_CERTIFICATE, _KEY = files_path("database.crt"), files_path("database.key")
_CHARACTERS = ("--character-set-server=utf8", "--collation-server=utf8_unicode_ci", "--init-connect=SET NAMES UTF8")
_TLS = (
    f"--ssl-cert={_CERTIFICATE}",
    f"--ssl-key={_KEY}",
    "--tls-version=TLSv1.2,TLSv1.3",
    "--require-secure-transport=ON",
)


def links(settings: Settings) -> tuple[Link, ...]:
    """None: the database has no way out."""
    return ()


def workload(settings: Settings, credentials: Credentials, certificates: Certificates) -> Workload:
    """The bundled MariaDB; raises ValueError when the settings name an external one."""
    if credentials.database_root_password is None:
        raise ValueError("an external database is no workload of ours")
    root_password, password = files_path("root-password"), files_path("password")
    return Workload(
        name="database",
        image=settings.database.image,
        command=(*_CHARACTERS, *_TLS),
        environment={
            "MARIADB_AUTO_UPGRADE": "1",
            "MARIADB_DATABASE": DATABASE,
            "MARIADB_USER": USERNAME,
            "MARIADB_PASSWORD_FILE": password,
            "MARIADB_ROOT_HOST": "localhost",
            "MARIADB_ROOT_PASSWORD_FILE": root_password,
        },
        files=(
            File(root_password, credentials.database_root_password, secret=True, holds="database root password"),
            File(password, credentials.database_password, secret=True, holds="database password"),
            *certificates.pair("database").files("database", _CERTIFICATE, _KEY),
        ),
        data=Data(_DATA_PATH, settings.database.size_gib),
        exclusive=True,
        scratch=("/tmp", "/run/mysqld"),
        probe=Probe(("healthcheck.sh", "--connect", "--innodb_initialized")),
        limits=Limits(settings.database.resources.memory_mib, settings.database.resources.cpus),
        security=Security(user=_MYSQL_USER),
        links=links(settings),
        start_seconds=300,
        stop_seconds=120,
    )
