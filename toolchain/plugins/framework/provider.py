"""A provider: its name, its version, its resource types and its configuration."""

from collections.abc import Callable, Mapping
from threading import Event
from typing import ClassVar, Final

from toolchain.plugins.framework.resource import CheckFailure, CheckResult, Diff, ProviderError, Resource
from toolchain.plugins.framework.values import Properties

Function = Callable[[Properties], Properties]
"""A provider function (`invoke`): arguments to result."""

_ENGINE_KEYS: Final = frozenset({"version", "pluginDownloadURL", "__internal"})


class Provider:
    """What a plugin serves. Subclass it where the provider takes configuration.

    `version` is that of the Python package whose plugin this stands in for; `autonaming` says that the handlers honour
    `CheckRequest.autonaming`; `config_keys` are the configuration keys that there are.
    """

    config_keys: ClassVar[frozenset[str]] = frozenset()
    accepts_secrets: ClassVar[bool] = False
    """Whether the handlers find secrets marked (`Secret`), and mark those of their answers themselves."""

    def __init__(
        self,
        name: str,
        version: str,
        resources: Mapping[str, Resource],
        functions: Mapping[str, Function] | None = None,
        *,
        autonaming: bool = False,
    ) -> None:
        self.name = name
        self.version = version
        self.autonaming = autonaming
        self.cancelled = Event()
        self._resources = resources
        self._functions = functions or {}

    def resource(self, token: str) -> Resource:
        """The handler of a type. Raises `ProviderError` for a type that is not covered."""
        if token not in self._resources:
            raise ProviderError(self._not_covered("resource type", token, self._resources))
        return self._resources[token]

    def function(self, token: str) -> Function:
        """The function of a token. Raises `ProviderError` for one that is not covered."""
        if token not in self._functions:
            raise ProviderError(self._not_covered("function", token, self._functions))
        return self._functions[token]

    def check_config(self, news: Properties) -> CheckResult:
        """Judge the provider's inputs (values of other types than string arrive as JSON text). The default refuses keys
        that are not in `config_keys`, in the words of the official bridge.
        """
        unknown = sorted(news.keys() - self.config_keys - _ENGINE_KEYS)
        return CheckResult(news, [CheckFailure("", self._not_configurable(key)) for key in unknown])

    def diff_config(self, old_inputs: Properties, news: Properties) -> Diff:
        """Compare configurations. The default: any change is an update of the provider, never a replacement."""
        keys = sorted(key for key in {*old_inputs, *news} if old_inputs.get(key) != news.get(key))
        return Diff(changed=bool(keys), diffs=keys)

    def configure(self, config: Properties) -> None:
        """Take the configuration; in a preview parts of it may be unknown. Raises `ProviderError` when it cannot be
        used.
        """

    def _not_configurable(self, key: str) -> str:
        key = f"`{self.name}:{key}` is not a valid configuration key for the {self.name} provider"
        advice = f"please choose a different namespace from `{self.name}:`"
        return f"{key}. If the referenced key is not intended for the provider, {advice}."

    def _not_covered(self, kind: str, token: str, covered: Mapping[str, object]) -> str:
        names = ", ".join(sorted(covered)) or "none"
        return (
            f"{kind} {token!r} is not covered by PortusStack's stand-in for the {self.name} provider "
            f"(covered: {names}); run with the official plugin: PROVIDERS=official"
        )
