"""Where the files lie: a folder of the house, each under the hash of its content, so a file is written once and never
changes."""

from __future__ import annotations

import os
from pathlib import Path

from alta.postgres import home


def folder() -> Path:
    return home() / "documents"


def _path(sha256: str) -> Path:
    return folder() / sha256[:2] / sha256


def keep(sha256: str, content: bytes) -> None:
    """Writes a file, whole or not at all. One that is there already is left as it is."""
    path = _path(sha256)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(content)
    part.chmod(0o600)
    part.replace(path)


def read(sha256: str) -> bytes | None:
    """The content, or None where the store has lost it."""
    path = _path(sha256)
    return path.read_bytes() if path.exists() else None
