"""How the engine writes amounts and times: a duration like `500m` in nanoseconds, "never" as year 1."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta

from alta.connectors.ocs.engine.rpc import EngineError

NEVER = "0001-01-01T00:00:00Z"
NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")


def number(value: float) -> int | float:
    """The number without a decimal point that it does not need."""
    return int(value) if value == int(value) else value


def amount(text: object) -> int | float:
    """Units: a plain number, or a duration in nanoseconds."""
    plain = str(text)
    try:
        return number(float(plain))
    except ValueError:
        pass
    if not plain or DURATION.sub("", plain):
        raise EngineError(f'SERVER_ERROR: strconv.ParseFloat: parsing "{plain}": invalid syntax')
    return number(sum(float(count) * NANOSECONDS[unit] for count, unit in DURATION.findall(plain)))


def expiry(text: str, now: datetime) -> str:
    """The moment that an expiry stands for, as the wire writes it."""
    if text in ("", "*unlimited"):
        return NEVER
    if text in ("*month", "*monthly"):
        return wire_time(_next_month(now))
    if text == "*daily":
        return wire_time(now + timedelta(days=1))
    if text.startswith("+"):
        return wire_time(now + timedelta(microseconds=amount(text[1:]) / 1000))
    try:
        return wire_time(datetime.fromisoformat(text))
    except ValueError as error:
        raise EngineError("SERVER_ERROR: Unsupported time format") from error


def expired(moment: str, now: datetime) -> bool:
    return moment != NEVER and datetime.fromisoformat(moment) <= now


def wire_time(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat().removesuffix("+00:00")
    return (text.rstrip("0") if "." in text else text) + "Z"


def _next_month(now: datetime) -> datetime:
    year, month = now.year + now.month // 12, now.month % 12 + 1
    return now.replace(year=year, month=month, day=min(now.day, calendar.monthrange(year, month)[1]))


def next_run(timing: dict[str, list[int]], start: str, now: datetime) -> datetime | None:
    """The first moment after `now` at `start` o'clock on an allowed day; None when there is none soon."""
    if start == "*asap":
        return now
    clock = datetime.strptime(start, "%H:%M:%S").time()
    for days in range(4 * 366):
        day = (now + timedelta(days=days)).date()
        moment = datetime.combine(day, clock, tzinfo=UTC)
        allowed = {
            "Years": day.year,
            "Months": day.month,
            "MonthDays": day.day,
            "WeekDays": day.isoweekday() % 7,
        }
        if moment > now and all(not timing[name] or value in timing[name] for name, value in allowed.items()):
            return moment
    return None
