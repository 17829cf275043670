"""Keeps secrets out of everything that is stored or logged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, SecretStr

MASK = "•••"
NUL = "\\u0000"  # as it looks inside JSON
MAX_LOGGED = 16 * 1024  # characters of JSON that one field of an attempt keeps


def secrets_of(params: BaseModel) -> list[str]:
    """The secrets among the parameters, in every form in which they may show: as they stand, inside JSON,
    inside a repr."""
    found = set(_secrets(params))
    return sorted(
        {form for one in found for form in (one, json.dumps(one)[1:-1], repr(one)[1:-1])},
        key=len,
        reverse=True,
    )


def clean(value: Any, secrets: Sequence[str] = ()) -> Any:
    """A value as JSON that may be stored: the secrets masked wherever they appear, and nothing PostgreSQL
    can't hold."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    if NUL not in text and not any(secret in text or json.dumps(secret)[1:-1] in text for secret in secrets):
        return json.loads(text)
    return _cleaned(json.loads(text), secrets)


def _cleaned(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, dict):
        return {_cleaned(key, secrets): _cleaned(part, secrets) for key, part in value.items()}
    if isinstance(value, list):
        return [_cleaned(part, secrets) for part in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, MASK)
        return value.replace("\x00", "\ufffd")
    if isinstance(value, int | float) and any(secret in str(value) for secret in secrets):
        return MASK
    return value


def loggable(value: Any, secrets: Sequence[str] = ()) -> Any:
    """A value as it is kept in the log: cleaned, and cut where it is long."""
    return cut(clean(value, secrets))


def cut(value: Any) -> Any:
    """A clean value, or its beginning where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return value if len(text) <= MAX_LOGGED else {"cut": text[: MAX_LOGGED // 2], "characters": len(text)}


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        if len(value.get_secret_value()) > 3:
            yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _secrets(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _secrets(part)
