"""Portus, the web application: people sign in here, docker clients fetch tokens, the registry reports its events."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pulumi
import yaml

from ..certificates import Certificates
from ..contract import contract_of, generation1, generation2
from ..contract.model import Contract
from ..contract.options import CALLS_OUT, FEATURES_CALLING_OUT, OPTIONS
from ..credentials import Credentials, bot_username
from ..naming import files_path, internal_name
from ..settings import Settings
from ..settings.model import Resources
from ..topology import OUTSIDE, File, Limits, Link, Probe, Security, Workload
from . import database, database_link, registry

HIDDEN_USER = "portus"
"""Portus' own administrator, which its set-up makes (SUSE/Portus ``db/seeds.rb``)."""
OWN_USERS = files_path("own-users")
"""Where the patch ``own_users`` reads its list."""
_MORE_TRUST = "/certificates/portus-stack-more.crt"
_HTTP_PORT, _HTTPS_PORT = 80, 443
_STOP_SECONDS = 10
"""Portus' init keeps bash as process 1, which passes no signal on: waiting longer changes nothing."""
_PROBE = files_path("probe.sh")
_START = files_path("start.sh")
_PROBE_SCRIPT = """\
#!/bin/bash
# Ready when Portus answers; the certificate is not judged here, whoever connects does that.
url="https://127.0.0.1:{port}{path}"
if command -v curl >/dev/null; then
  exec curl --silent --fail --insecure --max-time 8 --output /dev/null "$url"
fi
exec ruby -ropen-uri -ropenssl -e 'URI(ARGV[0]).open(ssl_verify_mode: OpenSSL::SSL::VERIFY_NONE, read_timeout: 8)' \\
  "$url"
"""


def common_links(settings: Settings, role: str) -> tuple[Link, ...]:
    """What the web application and the background process both talk to."""
    port = settings.hostnames.port
    return (
        database_link.link(settings, role),
        Link(role, "registry", registry.PORT, True, "reads the catalogue and manifests"),
        Link(role, "edge", port, True, "fetches its own tokens from the public realm"),
        *_outside_links(settings, role),
    )


def _outside_links(settings: Settings, role: str) -> tuple[Link, ...]:
    options = settings.portus.options
    found = [
        Link(role, OUTSIDE, int(str(options.get(port_option, _HTTPS_PORT))), False, why)
        for option, (port_option, why) in CALLS_OUT.items()
        if options.get(option)
    ]
    addresses = [
        str(options.get(address, "")) for option, address in FEATURES_CALLING_OUT.items() if options.get(option)
    ]
    why = "calls the services that portus.settings names"
    return (*found, *(Link(role, OUTSIDE, *way, why) for way in sorted({_port_and_tls(each) for each in addresses})))


def _port_and_tls(url: str) -> tuple[int, bool]:
    """Of a server by its address; HTTPS where none is given."""
    address = urlsplit(url)
    tls = address.scheme != "http"
    return address.port or (_HTTPS_PORT if tls else _HTTP_PORT), tls


def signs_with_its_tls_key(settings: Settings) -> bool:
    """Whether the image knows one key for TLS and tokens (generation 1)."""
    paths = contract_of(settings.portus.generation).paths
    return paths.tls_key == paths.token_key


def links(settings: Settings) -> tuple[Link, ...]:
    """The links of the web application."""
    return common_links(settings, "portus")


def environment(settings: Settings, contract: Contract) -> dict[str, str]:
    """What every process of the image finds in its environment; no secret among it."""
    external = settings.database.external
    names, paths = contract.variables, contract.paths
    values = {
        names.database_host: external.host if external else internal_name(settings.name, "database"),
        names.database_port: str(external.port if external else database.PORT),
        names.database_username: external.username if external else database.USERNAME,
        names.database_name: external.database if external else database.DATABASE,
        names.token_key_path: paths.token_key,
        names.local_config_path: paths.local_config,
        **{name: settings.hostnames.portus_address for name in names.fqdn},
        **contract.fixed,
        **database_link.environment(settings),
    }
    if contract.secret_files:
        values |= {variable: _secret_path(variable) for variable in _secret_variables(contract)}
        values |= {generation2.OPTION_FILES[path]: _option_path(path) for path in _file_options(settings, contract)}
    return {name: value for name, value in values.items() if name}


def files(settings: Settings, credentials: Credentials, certificates: Certificates) -> tuple[File, ...]:
    """What every process of the image reads; the token key is needed by both, as Portus calls itself for tokens."""
    contract = contract_of(settings.portus.generation)
    mode, paths = contract.file_mode, contract.paths
    return (
        File(paths.trusted_ca, certificates.trust_pem, holds="CA certificate"),
        File(paths.token_key, certificates.token_private_key_pem, mode, secret=True, holds="token key"),
        *_secrets(contract, credentials),
        *_secret_options(settings, contract),
        *database_link.files(settings, certificates, mode),
        _local_configuration(settings, contract),
        File(registry.WEBHOOK_SECRET, credentials.webhook_secret, mode, secret=True, holds="webhook secret"),
        _own_users(settings, credentials),
        *_more_trust(settings),
        *(File(patch.path, patch.content) for patch in settings.portus.patches),
    )


def _tls_environment(contract: Contract) -> dict[str, str]:
    """Where the web application finds its certificate and the key to it; an image of generation 1 is not told."""
    names, paths = contract.variables, contract.paths
    values = {names.tls_certificate_path: paths.tls_certificate, names.tls_key_path: paths.tls_key}
    return {name: value for name, value in values.items() if name}


def _tls_files(settings: Settings, certificates: Certificates) -> tuple[File, ...]:
    """What the web application alone reads; the key is not there twice where it is the token key."""
    contract = contract_of(settings.portus.generation)
    paths = contract.paths
    pair = certificates.pair("portus").files("portus", paths.tls_certificate, paths.tls_key, contract.file_mode)
    return pair[:1] if signs_with_its_tls_key(settings) else pair


def _secrets(contract: Contract, credentials: Credentials) -> Iterator[File]:
    values = {
        "database password": credentials.database_password,
        "Portus' own password": credentials.portus_password,
        "session key": credentials.session_key,
    }
    for variable, (word, value) in zip(_secret_variables(contract), values.items(), strict=True):
        yield File(_secret_path(variable), value, contract.file_mode, secret=True, holds=word)


def _secret_options(settings: Settings, contract: Contract) -> Iterator[File]:
    for path in _file_options(settings, contract):
        value = pulumi.Output.from_input(settings.portus.options[path]).apply(str)
        yield File(_option_path(path), value, contract.file_mode, secret=True, holds=path)


def _own_users(settings: Settings, credentials: Credentials) -> File:
    """Whom the patch ``own_users`` keeps out of LDAP, one a line: who PortusStack made or Portus made for itself."""
    administrator = settings.administrator.username
    return File(
        OWN_USERS,
        credentials.deployment.apply(lambda found: f"{administrator}\n{bot_username(found)}\n{HIDDEN_USER}\n"),
    )


def _more_trust(settings: Settings) -> tuple[File, ...]:
    """The operator's own CAs, beside ours: the image's start takes every ``*.crt`` there into its trust store."""
    pem = settings.portus.trusted_ca_pem
    return () if pem is None else (File(_MORE_TRUST, pem, holds="trusted CAs"),)


def _secret_variables(contract: Contract) -> tuple[str, str, str]:
    names = contract.variables
    return (names.database_password, names.portus_password, names.session_key)


def _secret_path(variable: str) -> str:
    return files_path(variable.removesuffix("_FILE").lower())


def _option_path(path: str) -> str:
    return files_path(path)


def _file_options(settings: Settings, contract: Contract) -> tuple[str, ...]:
    """The secret options that this image has to be given as files."""
    return tuple(path for path in generation2.OPTION_FILES if contract.secret_files and path in settings.portus.options)


def _local_configuration(settings: Settings, contract: Contract) -> File:
    options: dict[str, pulumi.Input[bool | int | str]] = {
        **settings.portus.options,
        "machine_fqdn.value": settings.hostnames.portus_address,
        "delete.enabled": settings.registry.delete_enabled,
        "first_user_admin.enabled": True,
        "check_ssl_usage.enabled": True,
    }
    for path in _file_options(settings, contract):
        del options[path]
    secret = any(OPTIONS[path].secret or isinstance(value, pulumi.Output) for path, value in options.items())
    content: pulumi.Input[str] = pulumi.Output.all(**options).apply(nested_yaml) if secret else nested_yaml(options)
    mode, word = (contract.file_mode, "Portus' options") if secret else ("0444", "")
    return File(contract.paths.local_config, content, mode, secret, word)


def nested_yaml(options: Mapping[str, object]) -> str:
    """``{"email.smtp.port": 25}`` → the nested YAML of Portus' ``config-local.yml``.

    Texts stand in quotes: of plain ones Ruby reads ``1,000`` as a number and ``:word`` as a symbol (seen on 2.4.3).
    """
    document: dict[str, object] = {}
    for path, value in sorted(options.items()):
        *groups, leaf = path.split(".")
        place = document
        for group in groups:
            inner = place.setdefault(group, {})
            assert isinstance(inner, dict)
            place = inner
        place[leaf] = _Text(value) if isinstance(value, str) else value
    return yaml.dump(document, Dumper=_Quoting, sort_keys=True)


class _Text(str):
    """A value, not a key."""

    __slots__ = ()


class _Quoting(yaml.SafeDumper):
    """Writes values that are texts in double quotes."""


_Quoting.add_representer(_Text, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def start(contract: Contract) -> tuple[tuple[str, ...], tuple[File, ...]]:
    """The web application's entrypoint and the script that it runs."""
    if contract.secret_files:
        return ("/bin/bash", _START), (File(_START, generation2.START_SCRIPT),)
    variables = _secret_variables(contract)
    exports = "\n".join(f'{variable}="$(cat {_secret_path(variable)})"' for variable in variables)
    script = generation1.START_SCRIPT.format(exports=exports, names=" ".join(variables))
    return ("/bin/bash", _START), (File(_START, script),)


def security(contract: Contract) -> Security:
    """As near to nothing as the image allows: it writes to its root at every start (trust store, caches, pid files)."""
    return Security(
        None, read_only_root=False, capabilities=contract.capabilities, new_privileges=contract.new_privileges
    )


def limits(resources: Resources) -> Limits:
    """Bounds in the topology's words."""
    return Limits(resources.memory_mib, resources.cpus)


def workload(settings: Settings, credentials: Credentials, certificates: Certificates) -> Workload:
    """The web application."""
    contract = contract_of(settings.portus.generation)
    entrypoint, start_files = start(contract)
    probe = _PROBE_SCRIPT.format(port=contract.port, path=contract.probe_path)
    return Workload(
        name="portus",
        image=settings.portus.image,
        entrypoint=entrypoint,
        environment={**environment(settings, contract), **_tls_environment(contract)},
        files=(
            *files(settings, credentials, certificates),
            *_tls_files(settings, certificates),
            *start_files,
            File(_PROBE, probe),
        ),
        probe=Probe(("bash", _PROBE)),
        limits=limits(settings.portus.resources),
        security=security(contract),
        links=links(settings),
        after=() if settings.database.external else ("database",),
        replicas=settings.portus.replicas,
        first_alone=True,  # its init makes and migrates the tables, and looks at nobody else
        start_seconds=settings.portus.start_timeout_seconds,
        start_argument="portus.start_timeout_seconds",
        stop_seconds=_STOP_SECONDS,
    )
