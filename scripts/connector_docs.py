"""Writes the tables of docs/connectors.md from the code itself: settings, actions, parameters, results.

    python scripts/connector_docs.py          # writes them
    python scripts/connector_docs.py check    # fails where the file says something else

A test does the check too, so an action and its description can't drift apart."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs" / "connectors.md"
BEGIN = "<!-- begin: written by scripts/connector_docs.py -->"
END = "<!-- end -->"
WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
    "null": "null",
}
FORMATS = {"password": "secret text", "date-time": "date and time with zone", "uuid": "UUID"}


def generated() -> str:
    """The tables, for what comes with Alta; connectors of one's own are left out."""
    from alta.connectors import registry
    from alta.connectors.contract import ConnectorSettings

    actions = [a for _, a in sorted(registry.actions().items()) if a.function.__module__.startswith("alta.")]
    lines = [
        "## Settings of every connector",
        "",
        *_settings("<SYSTEM>", ConnectorSettings, set()),
    ]
    for name, connector in sorted(registry.connector_classes().items()):
        if not connector.__module__.startswith("alta."):
            continue
        lines += ["", f"## `{name}`", ""]
        lines += _settings(name.upper(), connector.Settings, set(ConnectorSettings.model_fields))
        for action in (a for a in actions if a.connector == name):
            lines += _action(action)
    lines += ["", "## Alta's own data", ""]
    lines += [
        "These run inside the transaction that stores the task's outcome. They may stand behind `do:` and `effect:`."
    ]
    for action in (a for a in actions if a.effect):
        lines += _action(action)
    return "\n".join(lines) + "\n"


def _settings(system: str, model: Any, without: set[str]) -> list[str]:
    schema = model.model_json_schema()
    rows = [
        f"| `ALTA_{system}_{name.upper()}` | {_type(part, schema)} | {_default(name, part, schema)} |"
        for name, part in schema["properties"].items()
        if name not in without
    ]
    return ["| variable | value | when not given |", "|---|---|---|", *rows]


def _action(action: Any) -> list[str]:
    mark = " (only reads)" if action.read_only else ""
    lines = ["", f"### `{action.name}`{mark}", "", action.doc, ""]
    params = action.params.model_json_schema(by_alias=True)
    if params.get("properties"):
        lines += ["| parameter | value | when not given |", "|---|---|---|"]
        lines += [
            f"| `{name}` | {_type(part, params)} | {_default(name, part, params)} |"
            for name, part in params["properties"].items()
        ]
        lines.append("")
    output = action.output.model_json_schema(mode="serialization", by_alias=True)
    results = [f"`{name}` ({_type(part, output)})" for name, part in output.get("properties", {}).items()]
    lines.append(f"Result: {', '.join(results) or 'nothing more'}.")
    return lines


def _default(name: str, part: dict[str, Any], schema: dict[str, Any]) -> str:
    if name in schema.get("required", []):
        return "needed"
    default = part.get("default")
    if default is None:
        return "–"
    if isinstance(default, bool):
        return str(default).lower()
    return "empty" if default in ({}, [], "") else f"`{default}`"


def _type(part: dict[str, Any], schema: dict[str, Any]) -> str:
    text = " or ".join(dict.fromkeys(_types(part, schema)))
    note = part.get("description")
    return f"{text}; {note}" if note else text


def _types(part: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    if "$ref" in part:
        inner = schema["$defs"][part["$ref"].rsplit("/", 1)[-1]]
        yield "{" + ", ".join(f"`{name}`" for name in inner["properties"]) + "}"
    elif "anyOf" in part:
        for one in part["anyOf"]:
            if one.get("type") != "null":
                yield from _types(one, schema)
    elif "enum" in part or "const" in part:
        yield ", ".join(f"`{value}`" for value in part.get("enum", [part.get("const")]))
    elif part.get("type") == "array":
        yield "list of " + (" or ".join(_types(part.get("items", {}), schema)))
    elif "type" not in part:
        yield "anything"
    else:
        word = FORMATS.get(part.get("format", ""), WORDS[part["type"]])
        shape = f" `{part['pattern']}`" if "pattern" in part else ""
        bounds = [
            f"{sign} {part[key]}"
            for key, sign in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"))
            if key in part
        ]
        yield " ".join([word + shape, *bounds])


def with_tables(page: str) -> str:
    """The page with its tables written anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{generated()}\n{END}{after}"


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alta.settings")
    os.environ.setdefault("ALTA_SECRET_KEY", "describing connectors signs nothing")
    import django

    django.setup()
    page = PAGE.read_text()
    fresh = with_tables(page)
    if sys.argv[1:] == ["check"]:
        if fresh != page:
            print(f"{PAGE.name} is not what the code says: run python scripts/connector_docs.py")
        return int(fresh != page)
    PAGE.write_text(fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main())
