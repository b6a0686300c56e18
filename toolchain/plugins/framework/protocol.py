"""The engine's gRPC protocol: the generated modules of the `pulumi` wheel, without the rest of the SDK.

`import pulumi` takes about 0.3 s, three times as long as gRPC itself, and a preview starts every plugin. The generated
modules import only one another (relatively), so they are loaded from the wheel's folder under a package name of our
own. Their descriptors and messages are the same ones.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import (
        engine_pb2,
        engine_pb2_grpc,
        plugin_pb2,
        provider_pb2,
        provider_pb2_grpc,
        status_pb2,
    )
else:
    _PACKAGE = "portus_stack_pulumi_proto"

    def _load(name: str) -> ModuleType:
        if _PACKAGE not in sys.modules:
            wheel = importlib.util.find_spec("pulumi")
            if wheel is None or wheel.origin is None:
                raise ImportError("the Python package 'pulumi' is not installed beside this plugin")
            package = ModuleType(_PACKAGE)
            package.__path__ = [str(Path(wheel.origin).parent / "runtime" / "proto")]
            sys.modules[_PACKAGE] = package
        return importlib.import_module(f"{_PACKAGE}.{name}")

    engine_pb2 = _load("engine_pb2")
    engine_pb2_grpc = _load("engine_pb2_grpc")
    plugin_pb2 = _load("plugin_pb2")
    provider_pb2 = _load("provider_pb2")
    provider_pb2_grpc = _load("provider_pb2_grpc")
    status_pb2 = _load("status_pb2")

__all__ = ["engine_pb2", "engine_pb2_grpc", "plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2"]
