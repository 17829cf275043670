"""Creating people, their roles, and the last administrator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from alta.accounts import people, two_factor
from alta.accounts.models import SignInFailure, TwoFactor, User
from alta.audit.models import Entry
from alta.refusal import Refusal
from tests.accounts.conftest import PASSWORD, noted, refused

pytestmark = pytest.mark.django_db


def test_a_person_is_created_with_roles_and_may_what_they_bring(boss: User) -> None:
    user = people.create_user("eva", PASSWORD, roles=["engineer", "agent"], full_name="Eva", actor="boss")
    assert (user.roles, user.first_name, user.check_password(PASSWORD)) == (
        ["agent", "engineer"],
        "Eva",
        True,
    )
    assert user.may("jobs.edit") and user.may("orders.assign") and not user.may("users.manage")
    assert noted() == ["user.created"]


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("accounts.user.name_taken", {"username": "BOSS"}),
        ("accounts.user.name_malformed", {"username": ""}),
        ("accounts.user.name_malformed", {"username": "with blanks"}),
        ("accounts.user.name_malformed", {"username": "x" * 151}),
        ("accounts.user.name_malformed", {"username": "a\0b"}),
        ("accounts.user.email_malformed", {"email": "nowhere"}),
        ("accounts.role.unknown", {"roles": ["agent", "king"]}),
        ("accounts.password.weak", {"password": "short"}),
        ("accounts.password.weak", {"password": "password1"}),
        ("accounts.password.different", {"again": "something else"}),
    ],
)
def test_a_person_who_cannot_be_created_is_refused(boss: User, code: str, changes: dict[str, object]) -> None:
    wanted = {"username": "eva", "password": PASSWORD, "roles": ["agent"], "actor": "boss"} | changes
    refused(code, people.create_user, **wanted)


def test_roles_are_changed_and_the_change_is_kept(boss: User, ana: User) -> None:
    people.change_user(ana.pk, roles=["supervisor", "agent"], actor="boss")
    ana.refresh_from_db()
    assert ana.roles == ["agent", "supervisor"]
    entry = Entry.objects.get()
    assert (entry.action, entry.actor) == ("user.roles_changed", "boss")
    assert entry.detail == {"before": ["agent"], "after": ["agent", "supervisor"]}
    refused("accounts.role.unknown", people.change_user, ana.pk, roles=["king"], actor="boss")
    refused("accounts.user.email_malformed", people.change_user, ana.pk, roles=[], email="x", actor="boss")
    refused("accounts.user.not_found", people.change_user, 0, roles=[], actor="boss")


def test_the_last_administrator_is_neither_demoted_nor_deactivated(boss: User, ana: User) -> None:
    refused("accounts.user.last_administrator", people.change_user, boss.pk, roles=["agent"], actor="boss")
    refused("accounts.user.last_administrator", people.deactivate, boss.pk, actor="boss")
    other = people.create_user("eva", PASSWORD, roles=["administrator"], actor="boss")
    people.change_user(boss.pk, roles=["agent"], actor="boss")
    refused("accounts.user.last_administrator", people.deactivate, other.pk, actor="eva")


def test_a_superuser_counts_as_an_administrator_and_somebody_deactivated_does_not(boss: User) -> None:
    gone = people.create_user("gone", PASSWORD, roles=["administrator"], actor="boss")
    people.deactivate(gone.pk, actor="boss")
    refused("accounts.user.last_administrator", people.deactivate, boss.pk, actor="boss")
    people.create_user("root", PASSWORD, roles=[], superuser=True, actor="boss")
    people.deactivate(boss.pk, actor="root")


def test_the_database_keeps_the_last_administrator_too(boss: User, ana: User) -> None:
    for change in ({"roles": []}, {"is_active": False}):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=boss.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=boss.pk).delete()
    User.objects.filter(pk=ana.pk).delete()


def test_the_database_knows_the_roles(ana: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=ana.pk).update(roles=["king"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(5))
def test_two_administrators_who_step_down_at_once_leave_one(attempt: int) -> None:
    pair = [User.objects.create_user(f"admin-{n}", roles=["administrator"]) for n in range(2)]

    def step_down(user: User) -> str:
        try:
            people.change_user(user.pk, roles=["agent"], actor=user.username)
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(step_down, pair))
    assert sorted(said) == ["accounts.user.last_administrator", "done"]
    assert User.objects.filter(people.ADMINISTERS).count() == 1


def test_somebody_who_left_comes_back(boss: User, ana: User) -> None:
    people.deactivate(ana.pk, actor="boss")
    people.deactivate(ana.pk, actor="boss")
    people.activate(ana.pk, actor="boss")
    people.activate(ana.pk, actor="boss")
    ana.refresh_from_db()
    assert ana.is_active
    assert noted() == ["user.deactivated", "user.activated"]


def test_a_password_by_an_administrator_ends_the_lock(boss: User, ana: User) -> None:
    SignInFailure.objects.create(at=timezone.now(), username="ana", address="192.0.2.1")
    refused("accounts.password.weak", people.give_password, ana.pk, "ana", actor="boss")
    people.give_password(ana.pk, "another good one", actor="boss")
    ana.refresh_from_db()
    assert ana.check_password("another good one")
    assert not SignInFailure.objects.exists()
    assert noted() == ["user.password_given"]
    assert "another" not in str(Entry.objects.get().detail)


def test_a_second_factor_is_reset_once_and_noted(boss: User, ana: User) -> None:
    two_factor.begin(ana)
    people.reset_two_factor(ana.pk, actor="boss")
    people.reset_two_factor(ana.pk, actor="boss")
    assert not TwoFactor.objects.exists()
    assert noted() == ["user.two_factor_reset"]


def test_a_language_alta_does_not_speak_is_the_browsers(ana: User) -> None:
    for given, kept in (("en", "en"), ("xx", "")):
        people.choose_language(ana.pk, given, actor="ana")
        ana.refresh_from_db()
        assert ana.language == kept
