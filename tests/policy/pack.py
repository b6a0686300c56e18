"""The pack as the engine runs it: a process of the real SDK, asked over gRPC."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from tests.policy.graphs import Entry, Graph

ROOT = Path(__file__).parents[2]
PACK = ROOT / "policies"
_MESSAGE_BYTES = 400 * 1024 * 1024


@dataclass(frozen=True, order=True)
class Told:
    """One diagnostic of the pack."""

    policy: str
    urn: str
    message: str
    level: str

    @property
    def name(self) -> str:
        """The resource's name."""
        return self.urn.rpartition("::")[2]


class Pack:
    """A running pack for one kind of run, with settings as in a policy configuration."""

    def __init__(self, preview: bool, settings: Mapping[str, Any], folder: Path = PACK) -> None:
        environment = {
            **os.environ,
            "PULUMI_PROJECT": "portus-stack",
            "PULUMI_STACK": "test",
            "PULUMI_DRY_RUN": "true" if preview else "false",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(folder)]
        self._process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        port = int(self._process.stdout.readline())
        options = [
            ("grpc.max_receive_message_length", _MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MESSAGE_BYTES),
        ]
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=options)
        self.stub = analyzer_pb2_grpc.AnalyzerStub(self._channel)
        self.configure({"settings": settings})

    def close(self) -> None:
        """End the process."""
        self._channel.close()
        self._process.terminate()
        self._process.wait()

    def configure(self, entries: Mapping[str, Any]) -> None:
        """Send a configuration: rule → level, or a mapping for `settings`."""
        request = analyzer_pb2.ConfigureAnalyzerRequest()
        for name, value in entries.items():
            one = request.policyConfig[name]
            if isinstance(value, str):
                one.enforcementLevel = analyzer_pb2.EnforcementLevel.Value(value.upper())
            else:
                one.enforcementLevel = analyzer_pb2.MANDATORY
                one.properties.update(json.loads(json.dumps(value)))
        self.stub.Configure(request)

    def levels(self) -> dict[str, str]:
        """Policy → its level."""
        return {
            each.name: analyzer_pb2.EnforcementLevel.Name(each.enforcementLevel).lower()
            for each in self.stub.GetAnalyzerInfo(empty_pb2.Empty()).policies
        }

    def analyze(self, one: Entry) -> list[Told]:
        """Judge one resource."""
        request = analyzer_pb2.AnalyzeRequest(
            type=one.type, urn=one.urn, name=one.name, properties=_struct(one.inputs), options=_options(one)
        )
        if one.provider:
            request.provider.urn, request.provider.name = one.provider, one.provider.rpartition("::")[2]
        return [_told(each, one.urn) for each in self.stub.Analyze(request).diagnostics]

    def analyze_stack(self, graph: Graph) -> list[Told]:
        """Judge a stack, whose resources were judged before."""
        request = analyzer_pb2.AnalyzeStackRequest()
        for one in graph:
            each = request.resources.add(type=one.type, urn=one.urn, name=one.name, parent=one.parent)
            each.properties.CopyFrom(_struct(one.outputs or one.inputs))
            each.options.CopyFrom(_options(one))
            for name, urns in one.dependencies.items():
                each.propertyDependencies[name].urns.extend(urns)
        return [_told(each, each.urn) for each in self.stub.AnalyzeStack(request).diagnostics]

    def judge(self, graph: Graph, known: Graph = ()) -> list[Told]:
        """Judge everything, as a preview or an update does; the notes apart.

        The resources of ``known`` were judged before and were clean: of them only those that changed are judged again.
        """
        before = {id(each) for each in known}
        told = [each for one in graph if id(one) not in before for each in self.analyze(one)]
        return [each for each in told + self.analyze_stack(graph) if each.policy != "notes"]

    def restore(self, graph: Graph, known: Graph) -> None:
        """Let the pack, which remembers inputs by URN, forget what ``graph`` has other than ``known``."""
        changed = {each.urn for each in graph} - {each.urn for each in graph if any(each is one for one in known)}
        for one in known:
            if one.urn in changed:
                self.analyze(one)

    def remediate(self, one: Entry) -> list[Any]:
        """The repairs of one resource, in order."""
        request = analyzer_pb2.AnalyzeRequest(type=one.type, urn=one.urn, name=one.name, properties=_struct(one.inputs))
        request.options.CopyFrom(_options(one))
        return list(self.stub.Remediate(request).remediations)


def _told(diagnostic: Any, urn: str) -> Told:
    level = analyzer_pb2.EnforcementLevel.Name(diagnostic.enforcementLevel).lower()
    return Told(diagnostic.policyName, diagnostic.urn or urn, diagnostic.message, level)


def _options(one: Entry) -> Any:
    return analyzer_pb2.AnalyzerResourceOptions(
        protect=one.protect, ignoreChanges=list(one.ignore_changes), parent=one.parent
    )


def _struct(inputs: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(dict(inputs))
    return struct
