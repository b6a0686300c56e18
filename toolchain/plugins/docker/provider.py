"""The provider `docker`: resource types, functions and configuration."""

from functools import partial

from toolchain.plugins.docker.configuration import configuration
from toolchain.plugins.docker.connection import Connection
from toolchain.plugins.docker.container import Container
from toolchain.plugins.docker.container_schema import CONTAINER
from toolchain.plugins.docker.functions import get_logs, get_network, get_remote_image
from toolchain.plugins.docker.images import RemoteImage
from toolchain.plugins.docker.networks import Network
from toolchain.plugins.docker.provider_inputs import check_configuration
from toolchain.plugins.docker.schemas import NETWORK, REMOTE_IMAGE, VOLUME
from toolchain.plugins.docker.volumes import Volume
from toolchain.plugins.framework import CheckResult, Properties, Provider

VERSION = "5.2.0"  # of the Python package `pulumi_docker` whose plugin this stands in for


class DockerProvider(Provider):
    """One Docker engine."""

    def __init__(self) -> None:
        self._connection = connection = Connection()
        super().__init__(
            "docker",
            VERSION,
            {
                "docker:index/container:Container": Container(CONTAINER, connection),
                "docker:index/network:Network": Network(NETWORK, connection),
                "docker:index/volume:Volume": Volume(VOLUME, connection),
                "docker:index/remoteImage:RemoteImage": RemoteImage(REMOTE_IMAGE, connection),
            },
            {
                "docker:index/getLogs:getLogs": partial(get_logs, connection),
                "docker:index/getNetwork:getNetwork": partial(get_network, connection),
                "docker:index/getRemoteImage:getRemoteImage": partial(get_remote_image, connection),
            },
            autonaming=True,
        )
        connection.cancelled = self.cancelled

    def check_config(self, news: Properties) -> CheckResult:
        return check_configuration(news)

    def configure(self, config: Properties) -> None:
        self._connection.configure(configuration(config))
