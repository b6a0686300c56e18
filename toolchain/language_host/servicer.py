"""The calls of the service `LanguageRuntime`, each of them a few lines on top of the modules beside this one."""

from collections.abc import Callable, Iterator
from functools import partial, wraps
from pathlib import Path
from typing import TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty

from .children import Child, Children
from .dependencies import install_dependencies
from .interpreter import OptionError, find_interpreter, require_interpreter
from .packages import program_dependencies, python_version, required_packages
from .plugin import ANALYZER, plugin_command, plugin_directory, plugin_environment
from .policy_pack import Cancelled, run_policy_pack
from .program import check_types, program_command, program_environment, program_response, start_program
from .protocol import language_pb2, language_pb2_grpc, plugin_pb2
from .streams import Chunk, output_of

VERSION = "3.260.0"
"""What we say we are: the version of the engine and of the SDK that this was written for."""

_NO_DEBUGGER = "--attach-debugger is not supported by this language host; start debugpy in the program itself"

Request = TypeVar("Request")
Response = TypeVar("Response")
Call = Callable[["LanguageHost", Request, grpc.ServicerContext], Response]


def explained(call: "Call[Request, Response]") -> "Call[Request, Response]":
    """Give the engine the message of an OptionError instead of "exception calling application"."""

    @wraps(call)
    def guarded(self: "LanguageHost", request: Request, context: grpc.ServicerContext) -> Response:
        try:
            return call(self, request, context)
        except OptionError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            raise AssertionError("abort raises") from error

    return guarded


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The language host; calls not defined here are answered UNIMPLEMENTED (code generation, Pack and Link)."""

    def __init__(self, engine: str, executor: Path, children: Children) -> None:
        """Args:
        engine: address of the engine's own service; empty until the handshake tells it.
        executor: the SDK's script `pulumi-language-python-exec`.
        children: keeps what is started here.
        """
        self._engine = engine
        self._executor = executor
        self._children = children
        self._programs: set[Child] = set()

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """The engine tells its address."""
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Our version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    @explained
    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """The plugins that the program's packages ask for."""
        packages = required_packages(require_interpreter(request.info))
        return language_pb2.GetRequiredPackagesResponse(packages=packages)

    @explained
    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Run a program to its end."""
        interpreter = require_interpreter(request.info)
        if request.attach_debugger:
            raise OptionError(_NO_DEBUGGER)
        if errors := check_types(self._children, request, interpreter):
            return language_pb2.RunResponse(error=errors)
        command = program_command(request, interpreter, self._executor, self._engine)
        try:
            child = start_program(self._children, command, program_environment(request, interpreter))
        except OSError as error:
            return language_pb2.RunResponse(error=f"could not start {interpreter.executable}: {error}")
        self._programs.add(child)
        _on_cancel(context, child.stop_soon)
        status = self._children.finish(child)
        self._programs.discard(child)
        return program_response(status)

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a policy pack or a component package, and stream what it writes."""
        try:
            for output in self._run_plugin(request, context):
                yield _plugin_response(output)
        except (OptionError, OSError, Cancelled) as error:
            message = f"could not run {request.info.program_directory}: {error}"
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)

    def _run_plugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[Chunk | int]:
        interpreter = require_interpreter(request.info, is_plugin=request.kind != ANALYZER)
        if request.attach_debugger:
            raise OptionError(_NO_DEBUGGER)
        if request.kind == ANALYZER:
            yield from run_policy_pack(request, interpreter, self._children, partial(_on_cancel, context))
            return
        child = self._children.start(
            plugin_command(request, interpreter),
            environment=plugin_environment(request, interpreter),
            directory=plugin_directory(request),
        )
        _on_cancel(context, child.stop_soon)
        yield from output_of(child.process)
        yield self._children.finish(child)

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Install what a program needs, and stream what pip says."""
        try:
            for name, chunk in install_dependencies(request, self._children):
                yield language_pb2.InstallDependenciesResponse(**{name: chunk})
        except OptionError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

    @explained
    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        """Which Python runs a program."""
        interpreter = find_interpreter(request.info)
        version = python_version(interpreter)
        return language_pb2.AboutResponse(
            executable=str(interpreter.executable), version=version, metadata={"toolchain": "pip"}
        )

    @explained
    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """The Python packages beside a program."""
        packages = program_dependencies(require_interpreter(request.info), transitive=request.transitiveDependencies)
        listed = [language_pb2.DependencyInfo(name=package.name, version=package.version) for package in packages]
        return language_pb2.GetProgramDependenciesResponse(dependencies=listed)

    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        """Nothing to ask in `pulumi new`: pip is the only toolchain."""
        return language_pb2.RuntimeOptionsResponse()

    def Template(
        self, request: language_pb2.TemplateRequest, context: grpc.ServicerContext
    ) -> language_pb2.TemplateResponse:
        """Nothing to prepare in a new project: requirements.txt is what templates have."""
        return language_pb2.TemplateResponse()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Interrupt the programs; the engine was interrupted, or something failed that they are not told of.

        Answered at once: a program ends when its calls to the engine fail, and those fail after this one.
        """
        for program in list(self._programs):
            program.stop_soon()
        return Empty()


def _plugin_response(output: Chunk | int) -> language_pb2.RunPluginResponse:
    if isinstance(output, int):
        return language_pb2.RunPluginResponse(exitcode=output)
    name, chunk = output
    if name == "stdout":
        return language_pb2.RunPluginResponse(stdout=chunk)
    return language_pb2.RunPluginResponse(stderr=chunk)


def _on_cancel(context: grpc.ServicerContext, action: Callable[[], None]) -> None:
    """Do something when the engine no longer waits for a call; at once if it already does not."""
    if not context.add_callback(action):
        action()
