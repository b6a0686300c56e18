"""The engine's gRPC protocol: the generated modules of the `pulumi` wheel, without the rest of the SDK.

`import pulumi` takes longer than all else that the language host does before it listens, and every preview starts it.
The generated modules import only one another, relatively; they are loaded here under a name of our own.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

_PACKAGE = "portus_stack_pulumi_proto"

MESSAGE_LIMIT = 400 * 1024 * 1024
"""The largest message of the protocol in bytes, both ways; the engine's own limit."""

CHANNEL_OPTIONS = [("grpc.max_receive_message_length", MESSAGE_LIMIT), ("grpc.max_send_message_length", MESSAGE_LIMIT)]
"""For every server and channel that speaks the protocol."""


def load(name: str) -> ModuleType:
    """The generated module `pulumi.runtime.proto.<name>`.

    Raises:
        ImportError: the wheel `pulumi` is not installed beside us.
    """
    if _PACKAGE not in sys.modules:
        wheel = importlib.util.find_spec("pulumi")
        if wheel is None or wheel.origin is None:
            raise ImportError("the Python package pulumi is not installed")
        package = ModuleType(_PACKAGE)
        package.__path__ = [str(Path(wheel.origin).parent / "runtime" / "proto")]
        sys.modules[_PACKAGE] = package
    return importlib.import_module(f"{_PACKAGE}.{name}")
