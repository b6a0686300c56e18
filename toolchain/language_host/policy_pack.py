"""Running a policy pack behind its proxy."""

from collections.abc import Callable, Iterator

from .children import Child, Children
from .interpreter import Interpreter
from .plugin import plugin_command, plugin_directory, plugin_environment
from .policy_proxy import PolicyProxy, configuration_environment
from .protocol import language_pb2
from .streams import Chunk, output_of


class Cancelled(Exception):
    """The engine no longer waits for the pack."""


def run_policy_pack(
    request: language_pb2.RunPluginRequest,
    interpreter: Interpreter,
    children: Children,
    on_cancel: Callable[[Callable[[], None]], None],
) -> Iterator[Chunk | int]:
    """Run a policy pack; what it writes, then its exit status. The first output is the proxy's port, not the pack's.

    Args:
        on_cancel: takes what is to be called when the engine no longer waits.

    Raises:
        Cancelled: that happened before the pack had its configuration.
        OSError: the pack cannot be started.
    """
    with PolicyProxy() as proxy:
        on_cancel(lambda: proxy.give_up("cancelled"))
        yield ("stdout", f"{proxy.port}\n".encode())
        try:
            configuration = proxy.configuration()
        except RuntimeError as error:
            raise Cancelled(str(error)) from error
        child = children.start(
            plugin_command(request, interpreter),
            environment={**plugin_environment(request, interpreter), **configuration_environment(configuration)},
            directory=plugin_directory(request),
        )
        on_cancel(child.stop_soon)
        yield from _attached_output(child, proxy)
        yield children.finish(child)


def _attached_output(child: Child, proxy: PolicyProxy) -> Iterator[Chunk]:
    """The pack's output without its first line, which is the port that it listens on."""
    beginning = b""
    attached = False
    for name, chunk in output_of(child.process):
        if attached or name == "stderr":
            yield (name, chunk)
            continue
        beginning += chunk
        line, newline, rest = beginning.partition(b"\n")
        if not newline:
            continue
        attached = True
        if line.strip().isdigit():
            proxy.attach(int(line))
            yield ("stdout", rest)
        else:  # the engine would not understand it either: show it
            proxy.give_up(f"the policy pack printed {line.decode(errors='replace')!r} where its port was expected")
            yield ("stdout", beginning)
