"""Where a request may go: below the base address of the settings, and nowhere else."""

from __future__ import annotations

import re
from urllib.parse import unquote

from pydantic import HttpUrl

# What the connector sets by itself, or what would change who is spoken to.
RESERVED = {
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "idempotency-key",
    "transfer-encoding",
}


def base(address: str) -> str:
    """The base address without a slash at its end."""
    url = HttpUrl(address)
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("a base address holds no user, query or fragment")
    return str(url).rstrip("/")


def path(text: str) -> str:
    """A path that stays below the base address, however many times a server on the way decodes it."""
    plain = text
    while (decoded := unquote(plain)) != plain:
        plain = decoded
    if not re.match(r"/(?!/)", text):
        raise ValueError("a path begins with one slash")
    if re.search(r"[?# ]", text) or re.search(r"[\\\x00-\x1f\x7f]", plain):
        raise ValueError("a path holds no query, fragment, space, backslash or control character")
    if any(segment.partition(";")[0] in (".", "..") for segment in plain.split("/")):
        raise ValueError("a path holds no dot segments")
    return text


def headers(values: dict[str, str]) -> dict[str, str]:
    for name, value in values.items():
        if name.lower() in RESERVED or name.lower().startswith("proxy-"):
            raise ValueError(f"the header {name} is not for a playbook to set")
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) or not re.fullmatch(
            r"[\x20-\x7e\t]*", value
        ):
            raise ValueError(f"the header {name!r} is malformed")
    return values
