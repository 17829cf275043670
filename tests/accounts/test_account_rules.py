"""How many failures are too many, which codes count, what a browser is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from alta.accounts.rules import (
    FAILURE_WINDOW,
    Failures,
    device_name,
    locked_until,
    minutes_until,
    step_of_code,
    tidy_code,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STEP = int(NOW.timestamp()) // 30


def ago(*minutes: float) -> list[datetime]:
    return [NOW - timedelta(minutes=each) for each in minutes]


@pytest.mark.parametrize(
    ("failures", "until"),
    [
        (Failures([], [], []), None),
        (Failures(ago(1, 2, 3, 4), ago(1, 2, 3, 4), ago(1, 2, 3, 4)), None),
        (Failures(ago(1, 2, 3, 4, 9), [], []), NOW + timedelta(minutes=6)),
        (Failures(ago(1, 2, 3, 4, 9, 12), [], []), NOW + timedelta(minutes=6)),
        (Failures(ago(1, 2, 3, 4, 15), [], []), None),
        (Failures([], ago(*[1] * 29), []), None),
        (Failures([], ago(*[1] * 30), []), NOW + timedelta(minutes=14)),
        (Failures([], [], ago(*[1] * 49)), None),
        (Failures(ago(1, 1, 1, 1, 5), [], ago(*[2] * 50)), NOW + timedelta(minutes=13)),
    ],
)
def test_too_many_failures_in_a_quarter_of_an_hour_lock_until_the_oldest_is_that_old(
    failures: Failures, until: datetime | None
) -> None:
    assert locked_until(failures, NOW) == until


def test_the_wait_is_in_whole_minutes_and_never_none() -> None:
    assert minutes_until(NOW + FAILURE_WINDOW, NOW) == 15
    assert minutes_until(NOW + timedelta(seconds=61), NOW) == 2
    assert minutes_until(NOW + timedelta(milliseconds=1), NOW) == 1


def test_a_code_counts_in_its_half_minute_and_the_ones_beside_it() -> None:
    totp = pyotp.TOTP(SECRET)
    assert {
        offset: step_of_code(SECRET, totp.generate_otp(STEP + offset), NOW, 0) for offset in (-2, -1, 0, 1, 2)
    } == {
        -2: None,
        -1: STEP - 1,
        0: STEP,
        1: STEP + 1,
        2: None,
    }


def test_the_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B, the last six digits: the seed is the text 12345678901234567890.
    seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (2000000000, "279037")):
        instant = datetime.fromtimestamp(seconds, UTC)
        assert step_of_code(seed, code, instant, 0) == seconds // 30


def test_a_code_that_was_used_or_is_older_than_the_one_used_counts_no_more() -> None:
    totp = pyotp.TOTP(SECRET)
    assert step_of_code(SECRET, totp.generate_otp(STEP), NOW, STEP) is None
    assert step_of_code(SECRET, totp.generate_otp(STEP - 1), NOW, STEP) is None
    assert step_of_code(SECRET, totp.generate_otp(STEP + 1), NOW, STEP) == STEP + 1


@pytest.mark.parametrize("text", ["", "12345", "abcdef", "ñandú-", "1" * 5000, "00000é"])
def test_rubbish_is_no_code(text: str) -> None:
    assert step_of_code(SECRET, tidy_code(text), NOW, 0) is None


def test_a_code_may_be_typed_with_blanks_dashes_and_capitals() -> None:
    assert tidy_code(" 123 456 ") == "123456"
    assert tidy_code("ABCDE-fghij") == "abcdefghij"


def test_a_browser_is_named_in_two_words() -> None:
    firefox = "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0"
    chrome = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
    edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"
    safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1"
    assert [device_name(one) for one in (firefox, chrome, edge, safari, "curl/8.0", "")] == [
        "Firefox · Windows",
        "Chrome · Android",
        "Edge · Windows",
        "Safari · iPhone",
        "curl/8.0",
        "",
    ]
