"""Encryption of the secrets that rows must keep: a SIM's key, the seed of somebody's codes.

The keys come from SECRET_KEY; after changing that, keep the old one in SECRET_KEY_FALLBACKS and old seals still open."""

from __future__ import annotations

import base64
from functools import cache

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@cache
def _fernet(secret_key: str, purpose: bytes) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=purpose).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def keys_for(purpose: bytes) -> MultiFernet:
    """What seals and unseals for one purpose; seals of another purpose don't open."""
    every = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([_fernet(key, purpose) for key in every])
