"""The second factor, with a clock that the test holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from alta.accounts import two_factor
from alta.accounts.models import RecoveryCode, TwoFactor, User
from alta.audit.models import Entry
from tests.accounts.conftest import PASSWORD, noted, refused

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def code_at(secret: str, now: datetime) -> str:
    return pyotp.TOTP(secret).at(now)


@pytest.fixture
def secret(ana: User) -> str:
    return two_factor.begin(ana)


def test_it_is_on_only_after_the_phone_showed_the_right_code(ana: User, secret: str) -> None:
    assert two_factor.begin(ana) == secret
    assert not two_factor.is_on(ana)
    assert not two_factor.accept(ana, code_at(secret, NOW), NOW)
    refused("accounts.code.wrong", two_factor.confirm, ana, code_at(secret, NOW - timedelta(hours=1)), NOW)
    assert not two_factor.is_on(ana)
    codes = two_factor.confirm(ana, code_at(secret, NOW), NOW)
    assert two_factor.is_on(ana)
    assert len(set(codes)) == 10
    assert noted() == ["user.two_factor_on"]
    refused("accounts.two_factor.on", two_factor.begin, ana)
    refused("accounts.two_factor.on", two_factor.confirm, ana, code_at(secret, NOW), NOW)


def test_a_code_opens_once(ana: User, secret: str) -> None:
    two_factor.confirm(ana, code_at(secret, NOW), NOW)
    assert not two_factor.accept(ana, code_at(secret, NOW), NOW)
    later = NOW + timedelta(seconds=30)
    assert two_factor.accept(ana, code_at(secret, later), later)
    assert not two_factor.accept(ana, code_at(secret, later), later)
    much_later = NOW + timedelta(minutes=5)
    assert not two_factor.accept(ana, code_at(secret, later), much_later)


def test_a_recovery_code_opens_once_however_it_is_typed(ana: User, secret: str) -> None:
    first, second, *_ = two_factor.confirm(ana, code_at(secret, NOW), NOW)
    assert two_factor.accept(ana, f" {first.upper()} ", NOW)
    assert not two_factor.accept(ana, first, NOW)
    assert two_factor.accept(ana, second.replace("-", ""), NOW)
    assert two_factor.codes_left(ana) == 8
    assert noted()[1:] == ["user.recovery_code_used"] * 2
    assert [entry.detail for entry in Entry.objects.order_by("pk")[1:]] == [{"left": 9}, {"left": 8}]


def test_somebody_elses_codes_open_nothing(ana: User, boss: User, secret: str) -> None:
    codes = two_factor.confirm(ana, code_at(secret, NOW), NOW)
    other = two_factor.begin(boss)
    two_factor.confirm(boss, code_at(other, NOW), NOW)
    later = NOW + timedelta(seconds=30)
    assert not two_factor.accept(boss, codes[0], later)
    assert not two_factor.accept(boss, code_at(secret, later), later)


def test_neither_the_seed_nor_a_recovery_code_is_in_the_database(ana: User, secret: str) -> None:
    codes = two_factor.confirm(ana, code_at(secret, NOW), NOW)
    row = TwoFactor.objects.get()
    assert secret.encode() not in bytes(row.sealed)
    kept = [bytes(one.digest) for one in RecoveryCode.objects.all()]
    assert all(code.replace("-", "").encode() not in digest for code in codes for digest in kept)
    assert secret not in str([entry.detail for entry in Entry.objects.all()])


def test_new_codes_take_the_place_of_the_old_ones(ana: User, secret: str) -> None:
    old = two_factor.confirm(ana, code_at(secret, NOW), NOW)
    refused("accounts.password.wrong", two_factor.renew_codes, ana, "wrong")
    assert two_factor.codes_left(ana) == 10
    new = two_factor.renew_codes(ana, PASSWORD)
    assert not set(new) & set(old)
    assert not two_factor.accept(ana, old[0], NOW)
    assert two_factor.accept(ana, new[0], NOW)


def test_turning_it_off_takes_the_password(ana: User, secret: str) -> None:
    refused("accounts.two_factor.off", two_factor.turn_off, ana, PASSWORD)
    two_factor.confirm(ana, code_at(secret, NOW), NOW)
    refused("accounts.password.wrong", two_factor.turn_off, ana, "wrong")
    assert two_factor.is_on(ana)
    two_factor.turn_off(ana, PASSWORD)
    assert not two_factor.is_on(ana)
    refused("accounts.two_factor.off", two_factor.renew_codes, ana, PASSWORD)
    TwoFactor.objects.all().delete()
    refused("accounts.two_factor.off", two_factor.confirm, ana, "123456", NOW)


def test_the_picture_is_data_that_the_phone_can_read(ana: User, secret: str) -> None:
    assert two_factor.picture(ana, secret).startswith("data:image/svg+xml")
