"""The page docs/reference.md, made from the schema: `python -m docs.reference_page`.

The schema's descriptions are the docstrings of components/portus/args.py and portus_stack.py.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).parents[1] / "tests" / "contract" / "snapshots" / "schema.json"
PAGE = Path(__file__).parent / "reference.md"
_COMPONENT = "portus:index:PortusStack"
_HEADER = """# Reference: inputs and outputs

Made from the docstrings of the component by `python -m docs.reference_page`; a test keeps it up to date.

Names are those of Python and of stack files. YAML and TypeScript spell them in camel case: `task_image` is
`taskImage`. In a stack file each input of the first table is a key of its own, `portus-stack:hostnames` and so on.

**When an input is wrong**, `preview` and `up` list every problem at once, each with its path, what is wrong and what
would be right; nothing is created then:

```text
docker.http_port: must be a whole number from 0 to 65535, not 'eighty'
portus.imge: is not an argument; did you mean image?
```

Units stand in the names: `_mib` and `_gib` are binary, `_hours` and `_seconds` are time.
"""

Schema = Mapping[str, Any]


def page(schema: Schema) -> str:
    """The whole page."""
    component = schema["resources"][_COMPONENT]
    lines = [_HEADER, "## Inputs", ""]
    lines += _table(component["inputProperties"], component["requiredInputs"])
    groups = {name.rpartition(":")[2]: group for name, group in schema["types"].items() if "properties" in group}
    for name in _reached(component["inputProperties"], groups):
        group = groups[name]
        lines += ["", f"### {name}", "", group["description"], ""]
        lines += _table(group["properties"], group.get("required", []))
    lines += ["", "## Outputs", "", "| output | type | meaning |", "|---|---|---|"]
    lines += [
        f"| `{_snake(name)}` | {_type(one)} | {_cell(one['description'])} |"
        for name, one in component["properties"].items()
    ]
    return "\n".join(lines) + "\n"


def _table(properties: Schema, required: list[str]) -> list[str]:
    lines = ["| input | type | meaning |", "|---|---|---|"]
    for name, one in properties.items():
        mark = " **(required)**" if name in required else ""
        lines.append(f"| `{_snake(name)}`{mark} | {_type(one)} | {_cell(one['description'])} |")
    return lines


def _reached(properties: Schema, groups: Schema) -> Iterator[str]:
    """The groups in the order in which a reader meets them, each once."""
    seen: dict[str, None] = {}

    def visit(properties: Schema) -> None:
        for one in properties.values():
            for name in re.findall(r"#/types/portus:index:(\w+)", json.dumps(one)):
                if name in groups and name not in seen:
                    seen[name] = None
                    visit(groups[name]["properties"])

    visit(properties)
    yield from seen


def _type(one: Schema) -> str:
    if reference := one.get("$ref"):
        name = str(reference).rpartition(":")[2].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if name.endswith("Args") else "text"
    if one["type"] == "array":
        return f"list of {_type(one['items'])}"
    if one["type"] == "object":
        return "mapping"
    return {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}[one["type"]]


def _cell(text: str) -> str:
    return re.sub(r"``([^`]*)``", r"`\1`", text).replace("|", "\\|").replace("\n", " ")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(json.loads(SCHEMA.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
