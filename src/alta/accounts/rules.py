"""Decisions about signing in: how many failures are too many, which codes count, what a browser is called."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

SECOND_STEP_LIMIT = timedelta(minutes=10)
FAILURE_WINDOW = timedelta(minutes=15)
CODE_SECONDS = 30


@dataclass(frozen=True)
class Failures:
    """When sign-ins failed within the window: of this user from this address, of this user, from this address."""

    pair: list[datetime]
    user: list[datetime]
    address: list[datetime]


# A user mistypes; an address may be an office; a user attacked from many addresses is slowed down late, so that nobody
# can lock somebody else out with five wrong passwords.
LIMITS = {"pair": 5, "user": 30, "address": 50}


def locked_until(failures: Failures, now: datetime) -> datetime | None:
    """When the next attempt is allowed; None for now. The window slides: the oldest counted failure frees the next attempt."""
    ends = []
    for name, limit in LIMITS.items():
        recent = sorted(at for at in getattr(failures, name) if at > now - FAILURE_WINDOW)
        if len(recent) >= limit:
            ends.append(recent[-limit] + FAILURE_WINDOW)
    return max(ends, default=None)


def minutes_until(end: datetime, now: datetime) -> int:
    """Whole minutes to wait, at least one."""
    return max(1, -(-int((end - now).total_seconds()) // 60))


def step_of_code(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """The time step that a code belongs to: this one, or the one before or after for clocks that differ. None where it is
    wrong or its step was used before, so a code that somebody saw over a shoulder is worth nothing."""
    totp = pyotp.TOTP(secret, interval=CODE_SECONDS)
    current = int(now.timestamp()) // CODE_SECONDS
    for step in (current - 1, current, current + 1):
        if step > last_step and hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None


def tidy_code(text: str) -> str:
    """A code as people type it: `123 456`, `abcde-fghij`, in capitals or not."""
    return re.sub(r"[\s-]", "", text).lower()[:64]


BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device_name(user_agent: str) -> str:
    """A browser's long name in two words: `Firefox · Windows`."""
    found = (_first(BROWSERS, user_agent), _first(SYSTEMS, user_agent))
    return " · ".join(part for part in found if part) or user_agent[:60]


def _first(names: Iterable[tuple[str, str]], text: str) -> str:
    return next((name for mark, name in names if mark in text), "")
