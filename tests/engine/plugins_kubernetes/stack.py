"""One program on the cluster and its stack."""

import json
import subprocess
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TIME_LIMIT = 200  # seconds for one command
_PREAMBLE = """
import os
import pulumi
import pulumi_kubernetes as k8s
from pulumi import ResourceOptions

V = int(os.environ["PROGRAM_VERSION"])
NAMESPACE = os.environ["TEST_NAMESPACE"]
provider = k8s.Provider("cluster", namespace=NAMESPACE)
OPTS = ResourceOptions(provider=provider)
POD = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "nowhere.test/x:1"}]}}


def deployment(logical_name, replicas=0, opts=OPTS, annotations=None, **spec):
    whole = {"replicas": replicas, "selector": {"matchLabels": {"app": "x"}}, "template": POD, **spec}
    return k8s.apps.v1.Deployment(logical_name, metadata={"annotations": annotations or {}}, spec=whole, opts=opts)


def custom(logical_name, plural, opts=OPTS):
    '''A definition of the kind `Thing`, whose spec takes anything.'''
    anything = {"type": "object", "x_kubernetes_preserve_unknown_fields": True}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": anything, "status": anything}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    group = f"{NAMESPACE}.portus.test"
    names = {"plural": plural, "singular": plural[:-1], "kind": plural.capitalize()}
    return k8s.apiextensions.v1.CustomResourceDefinition(
        logical_name, metadata={"name": f"{plural}.{group}"}, opts=opts,
        spec={"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    )
"""


@dataclass
class Stack:
    """`version` is the variable `V` of the program."""

    folder: Path
    environment: Mapping[str, str]
    version: int = 1

    def write(self, program: str) -> None:
        (self.folder / "__main__.py").write_text(_PREAMBLE + textwrap.dedent(program))

    def run(self, *arguments: str, succeeds: bool | None = True) -> str:
        """Run a Pulumi command; returns what it printed."""
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env={**self.environment, "PROGRAM_VERSION": str(self.version)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_TIME_LIMIT,
        )
        assert succeeds is None or (done.returncode == 0) is succeeds, f"pulumi {arguments}: {done.stdout}"
        return done.stdout

    def up(self, version: int = 1, *, succeeds: bool = True) -> str:
        self.version = version
        return self.run("up", "--yes", "--skip-preview", succeeds=succeeds)

    def refresh(self) -> str:
        return self.run("refresh", "--yes", "--skip-preview")

    def destroy(self, *, succeeds: bool = True) -> str:
        return self.run("destroy", "--yes", "--skip-preview", succeeds=succeeds)

    def steps(self, version: int = 1) -> dict[str, dict[str, Any]]:
        """What a preview would do: "operation name" to its step; empty when nothing changes."""
        self.version = version
        text = self.run("preview", "--json")
        steps = json.loads(text[text.index("{") :]).get("steps", [])
        ours = [step for step in steps if "::kubernetes:" in step["urn"] and step["op"] != "same"]
        return {f"{step['op']} {step['urn'].split('::')[-1]}": step for step in ours}

    def changes(self, version: int = 1) -> dict[str, dict[str, str]]:
        """What a preview would change: "operation name" to property path and kind."""
        return {
            name: {path: entry["kind"] for path, entry in (step.get("detailedDiff") or {}).items()}
            for name, step in self.steps(version).items()
        }

    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources as the state has them, secrets in the clear."""
        text = self.run("stack", "export", "--show-secrets")
        resources = json.loads(text)["deployment"].get("resources", [])
        return {
            resource["urn"].split("::")[-1]: resource for resource in resources if "::kubernetes:" in resource["urn"]
        }

    def resource(self, name: str) -> dict[str, Any]:
        return self.resources()[name]

    def name(self, resource: str) -> str:
        """The name of a resource's object."""
        found: str = self.resource(resource)["outputs"]["metadata"]["name"]
        return found
