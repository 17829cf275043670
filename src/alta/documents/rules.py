"""Which files are kept. Pure."""

from __future__ import annotations

import re
from pathlib import PurePath

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

MOST_MEGABYTES = 8
MOST_BYTES = MOST_MEGABYTES * 1_000_000


class Kind(TextChoices):
    IDENTITY = "identity", _("Identity document")
    CONTRACT = "contract", _("Contract")
    ORDER = "order", _("Purchase order")
    PROOF = "proof", _("Proof of payment or address")
    OTHER = "other", _("Other")


# By the ending of its name, how a file begins, and as what it is handed out again. What a browser would run is not here.
TYPES: dict[str, tuple[tuple[bytes, ...], str]] = {
    ".pdf": ((b"%PDF-",), "application/pdf"),
    ".png": ((b"\x89PNG\r\n\x1a\n",), "image/png"),
    ".jpg": ((b"\xff\xd8\xff",), "image/jpeg"),
    ".jpeg": ((b"\xff\xd8\xff",), "image/jpeg"),
    ".docx": ((b"PK\x03\x04",), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ".xlsx": ((b"PK\x03\x04",), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
ENDINGS = ", ".join(TYPES)


def content_type(name: str, content: bytes) -> str | None:
    """What a file is, where its name and its beginning agree on one of the kept types."""
    beginnings, kind = TYPES.get(PurePath(name).suffix.lower(), ((), ""))
    return kind if content.startswith(beginnings) and beginnings else None


def clean_name(name: str) -> str:
    """The file's own name, without folders and unprintable characters, at most 120 characters with its ending."""
    bare = re.split(r"[/\\]", name)[-1]
    printable = "".join(c for c in bare if c.isprintable()).strip() or "documento"
    path = PurePath(printable)
    return f"{path.stem[: 120 - len(path.suffix)]}{path.suffix}"
