"""Passwords and codes that are wrong too often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from django.db import connection
from django.test import RequestFactory

from alta.accounts import sign_in, two_factor
from alta.accounts.models import SignInFailure, User
from alta.refusal import Refusal
from tests.accounts.conftest import PASSWORD, noted, refused

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HERE, THERE = "192.0.2.1", "192.0.2.2"


def come_in(name: str = "ana", password: str = PASSWORD, *, address: str = HERE, now: datetime = NOW) -> User:
    request = RequestFactory().post("/entrar/")
    return sign_in.check_password(request, name, password, address=address, now=now)


def fail(times: int, code: str = "accounts.sign_in.wrong", **where: object) -> None:
    for _ in range(times):
        refused(code, come_in, password="wrong", **where)


def test_the_sixth_wrong_password_is_not_even_looked_at_and_says_when_to_try_again(ana: User) -> None:
    fail(5)
    refusal = refused("accounts.sign_in.locked", come_in, now=NOW + timedelta(minutes=4, seconds=30))
    assert (refusal.kind.status, refusal.params) == (429, {"minutes": 11})
    assert come_in(now=NOW + timedelta(minutes=15)) == ana


def test_a_lock_is_for_a_person_at_an_address(ana: User, boss: User) -> None:
    fail(5)
    assert come_in(address=THERE) == ana
    assert come_in("boss") == boss
    refused("accounts.sign_in.locked", come_in, "ANA")


def test_names_of_nobody_lock_in_the_same_way(ana: User) -> None:
    for code in ["accounts.sign_in.wrong"] * 5 + ["accounts.sign_in.locked"]:
        refused(code, come_in, "nobody", "x")


def test_a_person_attacked_from_everywhere_is_locked_everywhere(ana: User) -> None:
    for place in range(30):
        fail(1, address=f"198.51.100.{place}")
    refused("accounts.sign_in.locked", come_in, address=THERE)


def test_an_address_that_tries_many_names_is_locked(ana: User) -> None:
    SignInFailure.objects.bulk_create(
        SignInFailure(at=NOW, username=f"name-{n}", address=HERE) for n in range(50)
    )
    refused("accounts.sign_in.locked", come_in)
    assert come_in(address=THERE) == ana


def test_coming_in_forgets_the_failures(ana: User) -> None:
    fail(4)
    come_in()
    assert not SignInFailure.objects.exists()
    fail(4)
    come_in()


def test_somebody_who_left_does_not_come_in(ana: User) -> None:
    User.objects.filter(pk=ana.pk).update(is_active=False)
    refused("accounts.sign_in.wrong", come_in)


def test_a_right_password_does_not_give_more_tries_for_the_code(ana: User) -> None:
    secret = two_factor.begin(ana)
    two_factor.confirm(ana, pyotp.TOTP(secret).at(NOW - timedelta(minutes=5)), NOW - timedelta(minutes=5))
    for _ in range(5):
        come_in()
        refused("accounts.code.wrong", sign_in.check_code, ana, "x", address=HERE, now=NOW)
    refused("accounts.sign_in.locked", come_in)
    good = pyotp.TOTP(secret).at(NOW)
    refused("accounts.sign_in.locked", sign_in.check_code, ana, good, address=HERE, now=NOW)
    sign_in.check_code(ana, good, address=THERE, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_guesses_made_at_once_are_counted_one_by_one() -> None:
    User.objects.create_user("ana", password=PASSWORD)

    def guess(_: int) -> str:
        try:
            come_in(password="wrong")
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()
        return "in"

    with ThreadPoolExecutor(12) as pool:
        said = sorted(pool.map(guess, range(24)))
    assert said == ["accounts.sign_in.locked"] * 19 + ["accounts.sign_in.wrong"] * 5


def test_old_failures_are_dropped_when_somebody_comes_in(ana: User) -> None:
    SignInFailure.objects.create(at=NOW - timedelta(minutes=16), username="x", address=THERE)
    SignInFailure.objects.create(at=NOW - timedelta(minutes=14), username="y", address=THERE)
    sign_in.signed_in(ana, address=HERE, now=NOW)
    assert list(SignInFailure.objects.values_list("username", flat=True)) == ["y"]
    assert noted() == ["user.signed_in"]
