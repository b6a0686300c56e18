"""The generated modules that the language host speaks, typed as those of the `pulumi` wheel."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import analyzer_pb2, language_pb2, language_pb2_grpc, plugin_pb2
else:
    from toolchain.protocol import load

    analyzer_pb2 = load("analyzer_pb2")
    language_pb2 = load("language_pb2")
    language_pb2_grpc = load("language_pb2_grpc")
    plugin_pb2 = load("plugin_pb2")

__all__ = ["analyzer_pb2", "language_pb2", "language_pb2_grpc", "plugin_pb2"]
