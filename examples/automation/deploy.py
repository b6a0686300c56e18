"""A deployment without a project folder: python deploy.py up|destroy ARGUMENTS.json, with `pulumi` on PATH."""

import json
import sys
from pathlib import Path

import pulumi
from pulumi import automation
from pulumi_portus import PortusStack

command, arguments = sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))


def program() -> None:
    """The whole infrastructure."""
    hub = PortusStack("hub", arguments)
    pulumi.export("registry_url", hub.registry_url)


stack = automation.create_or_select_stack("dev", project_name="embedded", program=program)
if command == "destroy":
    stack.destroy(on_output=print)
else:
    print("registry:", stack.up(on_output=print).outputs["registry_url"].value)
