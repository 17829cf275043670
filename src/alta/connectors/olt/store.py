"""What the double of an OLT knows: speeds and ONTs of alta-olt.yang, edited by NETCONF's operations and checked as the
model says."""

from __future__ import annotations

import copy
import re
from typing import Any

from alta.connectors.olt.model import NAMESPACE, OPERATION

KEYS = {"speed-profile": "name", "ont": "serial"}
NEEDED = {"speed-profile": ("down-mbps", "up-mbps"), "ont": ("circuit-id", "speed-profile", "service-vlan")}
NUMBERS = {"down-mbps": (1, 100_000), "up-mbps": (1, 100_000), "service-vlan": (2, 4094)}

Entry = dict[str, str]
Lists = dict[str, dict[str, Entry]]


class RpcError(Exception):
    """An rpc-error with its tag."""

    def __init__(self, tag: str, message: str) -> None:
        super().__init__(message)
        self.tag = tag


def empty() -> Lists:
    return {name: {} for name in KEYS}


def edited(lists: Lists, config: Any, default: str = "merge") -> Lists:
    """The lists as they are after an edit-config; `config` is an lxml element. Raises RpcError, and nothing is changed."""
    after = copy.deepcopy(lists)
    for element in config.iter():
        name = str(element.tag).removeprefix(f"{{{NAMESPACE}}}")
        if name in KEYS and len(element):
            _edit(after[name], name, element, element.get(OPERATION, default))
    return after


def _edit(entries: dict[str, Entry], name: str, element: Any, operation: str) -> None:
    entry = {str(leaf.tag).rpartition("}")[2]: (leaf.text or "").strip() for leaf in element}
    if KEYS[name] not in entry:
        raise RpcError("missing-element", f"{name} without {KEYS[name]}")
    key = entry[KEYS[name]]
    match operation:
        case "merge":
            entries[key] = {**entries.get(key, {}), **entry}
        case "replace":
            entries[key] = entry
        case "create":
            if key in entries:
                raise RpcError("data-exists", f"{name} {key} already exists")
            entries[key] = entry
        case "delete":
            if key not in entries:
                raise RpcError("data-missing", f"{name} {key} does not exist")
            del entries[key]
        case "remove":
            entries.pop(key, None)
        case _:
            raise RpcError("bad-attribute", operation)


def check(lists: Lists) -> None:
    """What the model asks for. Raises RpcError."""
    for name, entries in lists.items():
        for entry in entries.values():
            _check_entry(name, entry)
    circuits = [ont["circuit-id"] for ont in lists["ont"].values()]
    if len(circuits) != len(set(circuits)):
        raise RpcError("operation-failed", "unique-stmt test failed")
    for ont in lists["ont"].values():
        if ont["speed-profile"] not in lists["speed-profile"]:
            raise RpcError("data-missing", f"there is no speed-profile {ont['speed-profile']}")


def _check_entry(name: str, entry: Entry) -> None:
    for leaf in NEEDED[name]:
        if leaf not in entry:
            raise RpcError("data-missing", f"{leaf} is missing")
    if "serial" in entry and not re.fullmatch("[A-Z]{4}[0-9A-F]{8}", entry["serial"]):
        raise RpcError("invalid-value", entry["serial"])
    for leaf, (least, most) in NUMBERS.items():
        if leaf in entry and not (entry[leaf].isdecimal() and least <= int(entry[leaf]) <= most):
            raise RpcError("invalid-value", entry[leaf])
