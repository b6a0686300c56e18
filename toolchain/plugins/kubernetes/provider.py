"""The provider `kubernetes`: configuration, and one handler for every kind."""

import threading

from toolchain.plugins.framework import CheckResult, Diff, Properties, Provider, ProviderError, Resource
from toolchain.plugins.kubernetes.cluster import Cluster
from toolchain.plugins.kubernetes.functions import decode_yaml
from toolchain.plugins.kubernetes.handler import KubernetesResource
from toolchain.plugins.kubernetes.kinds import refuse_uncovered
from toolchain.plugins.kubernetes.settings import KEYS, check_configuration, compare_configurations, settings

VERSION = "4.34.2"
"""Of the Python package `pulumi_kubernetes` whose plugin this is."""


class KubernetesProvider(Provider):
    """One cluster."""

    config_keys = KEYS
    accepts_secrets = True

    def __init__(self) -> None:
        super().__init__("kubernetes", VERSION, {}, {"kubernetes:yaml:decode": decode_yaml}, autonaming=True)
        self._cluster = Cluster()
        self._cluster.cancelled = self.cancelled
        self._handler = KubernetesResource(self._cluster)

    def resource(self, token: str) -> Resource:
        refuse_uncovered(token)
        return self._handler

    def check_config(self, news: Properties) -> CheckResult:
        refused = check_configuration(news)
        known = {
            key: value for key, value in news.items() if key not in {failure.property for failure in refused.failures}
        }
        return CheckResult(news, [*refused.failures, *super().check_config(known).failures])

    def diff_config(self, old_inputs: Properties, news: Properties) -> Diff:
        return compare_configurations(old_inputs, news)

    def configure(self, config: Properties) -> None:
        try:
            self._cluster.settings = settings(config)
        except ValueError as error:
            raise ProviderError(
                f"kubeClientSettings: a number is expected for burst, qps and timeout: {error}"
            ) from error
        # Reached while the program still runs; whoever needs the cluster first waits for it.
        threading.Thread(target=self._cluster.unreachable, daemon=True).start()
