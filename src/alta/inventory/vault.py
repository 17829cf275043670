"""Seals the secrets of stock, such as a SIM's key, before they reach the database."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import SecretStr

from alta.sealing import keys_for

PURPOSE = b"alta inventory secrets"


def seal(secrets: Mapping[str, str]) -> bytes | None:
    """None where there is nothing to hide."""
    return keys_for(PURPOSE).encrypt(json.dumps(dict(secrets)).encode()) if secrets else None


def unseal(sealed: bytes | memoryview | None) -> dict[str, SecretStr]:
    if sealed is None:
        return {}
    opened = json.loads(keys_for(PURPOSE).decrypt(bytes(sealed)))
    return {name: SecretStr(value) for name, value in opened.items()}


def seal_file(content: bytes) -> bytes:
    """For what may hold secrets among other things."""
    return keys_for(PURPOSE).encrypt(content)


def unseal_file(sealed: bytes | memoryview) -> bytes:
    return keys_for(PURPOSE).decrypt(bytes(sealed))
