"""How long a period is, on the operator's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alta.catalog.rules import Period
from alta.renewals.rules import TRANSITIONS, Plan, State, after_decline, after_trouble
from alta.services.rules import term_end

LONDON, LA_PAZ = ZoneInfo("Europe/London"), ZoneInfo("America/La_Paz")
M = Period.MONTH


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        ("2026-01-31", M, "2026-02-28"),
        ("2028-01-31", M, "2028-02-29"),
        ("2026-01-30", M, "2026-02-28"),
        ("2026-03-31", M, "2026-04-30"),
        ("2026-12-15", M, "2027-01-15"),
        ("2026-11-20", Period.WEEK, "2026-11-27"),
        ("2026-12-31", Period.DAY, "2027-01-01"),
        ("2028-02-29", Period.YEAR, "2029-02-28"),
    ],
)
def test_a_term_is_one_period_of_the_calendar(start: str, period: Period, end: str) -> None:
    begin = datetime.fromisoformat(f"{start}T09:30:00").replace(tzinfo=LA_PAZ)
    finish = datetime.fromisoformat(f"{end}T09:30:00").replace(tzinfo=LA_PAZ)
    assert term_end(begin, period, LA_PAZ) == finish


def test_the_calendar_is_the_operators_not_that_of_greenwich() -> None:
    # 31 January, 22:00 in La Paz, is 1 February in UTC.
    begin = datetime(2026, 2, 1, 2, 0, tzinfo=UTC)
    assert term_end(begin, M, LA_PAZ) == datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
    assert term_end(begin, M, LA_PAZ).astimezone(LA_PAZ).date().isoformat() == "2026-02-28"


def test_the_time_of_day_stays_when_the_clocks_change() -> None:
    begin = datetime(2026, 3, 1, 9, 0, tzinfo=LONDON)
    assert term_end(begin, M, LONDON).astimezone(LONDON).hour == 9


def test_after_a_short_month_the_day_comes_back() -> None:
    ends = [datetime(2026, 1, 31, 12, 0, tzinfo=UTC)]
    for _ in range(4):
        ends.append(term_end(ends[-1], M, ZoneInfo("UTC"), first_day=31))
    assert [end.date().isoformat() for end in ends[1:]] == [
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
    ]
    # A term that was moved to the 10th by hand stays there.
    moved = datetime(2026, 2, 10, 12, 0, tzinfo=UTC)
    assert term_end(moved, M, ZoneInfo("UTC"), first_day=31).day == 10


START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def test_declines_follow_the_operators_days_and_end_in_suspension() -> None:
    plan = Plan(retry_days=(1, 3, 5), end_day=30)
    day = timedelta(days=1)
    found = [after_decline(n, START, plan, START + timedelta(hours=n)) for n in (1, 2, 3, 4)]
    assert [(one.state, one.at) for one in found] == [
        (State.DECLINED, START + day),
        (State.DECLINED, START + 3 * day),
        (State.DECLINED, START + 5 * day),
        (State.UNPAID, START + 30 * day),
    ]


def test_a_day_that_has_passed_already_still_leaves_the_customer_time() -> None:
    late = START + timedelta(days=12)
    assert after_decline(1, START, Plan(), late).at == late + timedelta(hours=20)


def test_trouble_of_the_provider_is_tried_again_in_an_hour() -> None:
    assert after_trouble(2, START).at == START + timedelta(hours=1)


def test_every_renewal_state_has_a_row_and_the_last_ones_go_nowhere() -> None:
    assert set(TRANSITIONS) == set(State)
    assert TRANSITIONS[State.PAID] == TRANSITIONS[State.ENDED] == frozenset()
