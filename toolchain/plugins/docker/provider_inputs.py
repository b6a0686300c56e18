"""The check of the provider's own inputs."""

from toolchain.plugins.docker.checking import check_arguments
from toolchain.plugins.docker.configuration import decoded
from toolchain.plugins.docker.planning import DEFAULTS
from toolchain.plugins.docker.schemas import CONFIGURATION
from toolchain.plugins.framework import CheckFailure, CheckResult, Properties, Secret

_OF_THE_ENGINE = ("version", "pluginDownloadURL", "__internal", DEFAULTS)


def check_configuration(news: Properties) -> CheckResult:
    """Refuse unknown keys; keep the rest as it came. Registry sign-ins are secret."""
    inputs = {name: Secret(value) if name == "registryAuth" else value for name, value in news.items()}
    unknown = [name for name in news if name not in CONFIGURATION and name not in _OF_THE_ENGINE]
    failures = [CheckFailure("", _refusal(name)) for name in unknown]
    known = {name: value for name, value in decoded(news).items() if name in CONFIGURATION}
    _, wrong = check_arguments(CONFIGURATION, known, "provider")
    told = [CheckFailure("", f"could not validate provider configuration: {failure.reason}") for failure in wrong]
    return CheckResult(inputs, [*failures, *told])


def _refusal(name: str) -> str:
    return (
        f"`docker:{name}` is not a valid configuration key for the docker provider. If the referenced key is not "
        "intended for the provider, please choose a different namespace from `docker:`."
    )
