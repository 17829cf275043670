"""`alta user` and `alta api-key`: who may sign in, and the keys of programs."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from pathlib import Path

from alta.commands.environment import Mistake, actor, database


def create(options: Namespace) -> int:
    """Creates somebody who may sign in."""
    password = _password(options.password_file)
    with database():
        from alta.accounts.people import create_user

        user = create_user(
            options.name,
            password,
            roles=options.role,
            language=options.language,
            superuser=options.admin,
            actor=actor(),
        )
        print(f"{user.username} may sign in now.")
        if not user.rights:
            print("But may do nothing yet: give them a --role.", file=sys.stderr)
    return 0


def create_key(options: Namespace) -> int:
    """Makes a key for a program and prints it, for the only time."""
    if options.days < 1:
        raise Mistake("--days: 1 or more.")
    with database():
        from django.utils import timezone

        from alta.accounts.models import User
        from alta.accounts.services import create_api_key

        user = User.objects.filter(username=options.user).first()
        if user is None:
            raise Mistake(f"There is no user {options.user}: alta user create {options.user}")
        key = create_api_key(user, options.name, timezone.now(), options.days)
        print(key)
        print("Keep it now: it is not shown again.", file=sys.stderr)
    return 0


def _password(file: str | None) -> str:
    """From the file, else from whoever sits at the terminal, else from the standard input."""
    if file:
        try:
            return Path(file).read_text().rstrip("\r\n")
        except OSError as error:
            raise Mistake(f"{file} can't be read: {error.strerror}") from error
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise Mistake("The two are not the same.")
    return password
