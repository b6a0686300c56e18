"""One program on the cluster and its stack."""

from tests.engine.plugins.program_stack import ProgramStack

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


class Stack(ProgramStack):
    """Its program may use `deployment` and `custom`."""

    preamble = _PREAMBLE
    package = "kubernetes"

    def name(self, resource: str) -> str:
        """The name of a resource's object."""
        found: str = self.output(resource, "metadata")["name"]
        return found
