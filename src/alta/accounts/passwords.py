"""Passwords: what a new one must be like, and changing one's own."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from alta.accounts.models import User
from alta.accounts.refusals import PASSWORD_WEAK, PASSWORD_WRONG, PASSWORDS_DIFFER
from alta.accounts.sessions import end_others
from alta.audit.log import record


def set_password(user: User, password: str, again: str | None = None) -> None:
    """Sets it, unsaved. Refuses one that is too easy, or typed differently the second time."""
    if again is not None and password != again:
        raise PASSWORDS_DIFFER()
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PASSWORD_WEAK(reasons=" ".join(error.messages)) from error
    user.set_password(password)


@transaction.atomic
def change_password(user: User, old: str, new: str, again: str, *, session_key: str | None) -> None:
    """By the person. Whoever else is signed in as this person is signed out."""
    if not user.check_password(old):
        raise PASSWORD_WRONG()
    set_password(user, new, again)
    user.save(update_fields=["password"])
    end_others(user, session_key)
    record(user.username, "user.password_changed", user)
