"""What the engine knows. Everything is in the shape that the wire shows, by `tenant:id` or by id."""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Wire = dict[str, Any]
KEPT = ("accounts", "actions", "plans", "attributes", "chargers", "thresholds", "destinations")


@dataclass
class State:
    accounts: dict[str, Wire] = field(default_factory=dict)
    actions: dict[str, list[Wire]] = field(default_factory=dict)
    plans: dict[str, Wire] = field(default_factory=dict)
    attributes: dict[str, Wire] = field(default_factory=dict)
    chargers: dict[str, Wire] = field(default_factory=dict)
    thresholds: dict[str, Wire] = field(default_factory=dict)
    destinations: dict[str, list[str]] = field(default_factory=dict)
    sessions: dict[str, Wire] = field(default_factory=dict)
    cdrs: list[Wire] = field(default_factory=list)
    node_id: str = field(default_factory=lambda: secrets.token_hex(4)[:7])
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def dump(self) -> str:
        """Everything that outlives the process, as JSON."""
        return json.dumps({name: getattr(self, name) for name in KEPT}, indent=1)

    def load(self, text: str) -> None:
        for name, value in json.loads(text).items():
            setattr(self, name, value)


def key(arguments: Wire, name: str = "Account") -> str:
    return f"{arguments['Tenant']}:{arguments[name]}"


def ids_of(tenant: str, kept: dict[str, Wire]) -> list[str]:
    """The ids of a tenant's things, in the order in which they were made."""
    prefix = f"{tenant}:"
    return [each.removeprefix(prefix) for each in kept if each.startswith(prefix)]


def new_uuid() -> str:
    return str(uuid.uuid4())
