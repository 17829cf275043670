"""Seals the secrets of stock, such as a SIM's key, before they reach the database.

The key comes from SECRET_KEY; after changing that, keep the old one in SECRET_KEY_FALLBACKS and old seals
still open."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from pydantic import SecretStr


@cache
def _fernet(secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"alta inventory secrets").derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def _keys() -> MultiFernet:
    return MultiFernet([_fernet(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def seal(secrets: Mapping[str, str]) -> bytes | None:
    """None where there is nothing to hide."""
    return _keys().encrypt(json.dumps(dict(secrets)).encode()) if secrets else None


def unseal(sealed: bytes | memoryview | None) -> dict[str, SecretStr]:
    if sealed is None:
        return {}
    return {name: SecretStr(value) for name, value in json.loads(_keys().decrypt(bytes(sealed))).items()}


def seal_file(content: bytes) -> bytes:
    """For what may hold secrets among other things."""
    return _keys().encrypt(content)


def unseal_file(sealed: bytes | memoryview) -> bytes:
    return _keys().decrypt(bytes(sealed))
