"""The second factor: six digits that a phone works out from a seed and the time (TOTP, RFC 6238), and recovery codes."""

from __future__ import annotations

import secrets
from datetime import datetime

import pyotp
import segno
from django.db import transaction
from django.utils.crypto import salted_hmac

from alta.accounts.models import RecoveryCode, TwoFactor, User
from alta.accounts.refusals import CODE_WRONG, PASSWORD_WRONG, TWO_FACTOR_OFF, TWO_FACTOR_ON
from alta.accounts.rules import step_of_code, tidy_code
from alta.audit.log import record
from alta.sealing import keys_for

PURPOSE = b"alta second factor"
RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no letter that looks like another


def is_on(user: User) -> bool:
    return TwoFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()


def _secret(row: TwoFactor) -> str:
    return keys_for(PURPOSE).decrypt(bytes(row.sealed)).decode()


def _locked(user: User) -> TwoFactor | None:
    return TwoFactor.objects.select_for_update().filter(user=user).first()


@transaction.atomic
def begin(user: User) -> str:
    """The seed to put into the phone. Asked again before it is confirmed, the same one: a reloaded page stays valid."""
    User.objects.select_for_update().get(pk=user.pk)
    row = _locked(user)
    if row is None:
        secret = pyotp.random_base32()
        TwoFactor.objects.create(user=user, sealed=keys_for(PURPOSE).encrypt(secret.encode()))
        return secret
    if row.confirmed_at:
        raise TWO_FACTOR_ON()
    return _secret(row)


def picture(user: User, secret: str) -> str:
    """The seed as a QR code for the phone's camera: the address of an image that holds itself."""
    address = pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name="Alta")
    return str(segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff", dark="#000"))


@transaction.atomic
def confirm(user: User, code: str, now: datetime) -> list[str]:
    """Turns the second factor on once the phone shows the right code. Returns the recovery codes, for the only time."""
    row = _locked(user)
    if row is None:
        raise TWO_FACTOR_OFF()
    if row.confirmed_at:
        raise TWO_FACTOR_ON()
    step = step_of_code(_secret(row), tidy_code(code), now, row.last_step)
    if step is None:
        raise CODE_WRONG()
    row.confirmed_at, row.last_step = now, step
    row.save(update_fields=["confirmed_at", "last_step"])
    record(user.username, "user.two_factor_on", user)
    return _new_codes(row)


@transaction.atomic
def accept(user: User, code: str, now: datetime) -> bool:
    """Whether a code opens now; one that did never does again."""
    row = _locked(user)
    if row is None or row.confirmed_at is None:
        return False
    tidy = tidy_code(code)
    step = step_of_code(_secret(row), tidy, now, row.last_step)
    if step is not None:
        row.last_step = step
        row.save(update_fields=["last_step"])
        return True
    used = row.recovery_codes.filter(digest=_digest(tidy), used_at=None).update(used_at=now)
    if used:
        record(user.username, "user.recovery_code_used", user, left=codes_left(user))
    return bool(used)


def codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(two_factor__user=user, used_at=None).count()


@transaction.atomic
def renew_codes(user: User, password: str) -> list[str]:
    """New recovery codes; the old ones open nothing any more."""
    row = _own(user, password)
    row.recovery_codes.all().delete()
    record(user.username, "user.recovery_codes_renewed", user)
    return _new_codes(row)


@transaction.atomic
def turn_off(user: User, password: str) -> None:
    """By the person, with the password."""
    _own(user, password).delete()
    record(user.username, "user.two_factor_off", user)


def _own(user: User, password: str) -> TwoFactor:
    """The person's second factor, for who knows the password too."""
    row = _locked(user)
    if row is None or row.confirmed_at is None:
        raise TWO_FACTOR_OFF()
    if not user.check_password(password):
        raise PASSWORD_WRONG()
    return row


def _digest(code: str) -> bytes:
    # Keyed: 49 bits could be guessed from a stolen plain hash.
    return salted_hmac("alta.recovery_code", code, algorithm="sha256").digest()


def _new_codes(row: TwoFactor) -> list[str]:
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(two_factor=row, digest=_digest(code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]
