"""How the switch keeps a password: as digests (HA1, RFC 2617), never as it is.

Whoever knows a digest can register with it, so digests are secrets too. A suspended line has digests of a password that
nobody knows; none of its own is left in any column."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from pydantic import SecretStr

# Marks a suspended line in the column `password`, which the switch doesn't read when it works with digests. What follows
# can't be guessed, for a switch that is set up otherwise.
SUSPENDED = "suspended:"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Credentials:
    """The columns `password`, `ha1` and `ha1b` of a line."""

    password: SecretStr
    ha1: SecretStr
    ha1b: SecretStr

    @classmethod
    def of(cls, username: str, domain: str, password: str, kept: str = "") -> Credentials:
        return cls(
            SecretStr(kept),
            SecretStr(_md5(f"{username}:{domain}:{password}")),
            # For phones that give their name with the domain.
            SecretStr(_md5(f"{username}@{domain}:{domain}:{password}")),
        )

    @classmethod
    def suspended(cls, username: str, domain: str) -> Credentials:
        nobody_knows = SUSPENDED + secrets.token_hex(20)
        return cls.of(username, domain, nobody_knows, nobody_knows)

    def columns(self) -> dict[str, SecretStr]:
        return {"password": self.password, "ha1": self.ha1, "ha1b": self.ha1b}
