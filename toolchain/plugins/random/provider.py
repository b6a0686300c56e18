"""The provider: its version and its resource types."""

from toolchain.plugins.framework.provider import Provider
from toolchain.plugins.framework.resource import Resource
from toolchain.plugins.random.identifiers import RandomBytes, RandomId, RandomUuid, RandomUuid4, RandomUuid7
from toolchain.plugins.random.numbers import RandomInteger, RandomShuffle
from toolchain.plugins.random.pet import RandomPet
from toolchain.plugins.random.strings import RandomPassword, RandomString

VERSION = "4.21.4"
"""Of the Python package `pulumi_random` whose plugin this is."""

RESOURCES: dict[str, Resource] = {
    "random:index/randomBytes:RandomBytes": RandomBytes(),
    "random:index/randomId:RandomId": RandomId(),
    "random:index/randomInteger:RandomInteger": RandomInteger(),
    "random:index/randomPassword:RandomPassword": RandomPassword(),
    "random:index/randomPet:RandomPet": RandomPet(),
    "random:index/randomShuffle:RandomShuffle": RandomShuffle(),
    "random:index/randomString:RandomString": RandomString(),
    "random:index/randomUuid:RandomUuid": RandomUuid(),
    "random:index/randomUuid4:RandomUuid4": RandomUuid4(),
    "random:index/randomUuid7:RandomUuid7": RandomUuid7(),
}


def provider() -> Provider:
    """The provider as it is served."""
    return Provider("random", VERSION, RESOURCES)
