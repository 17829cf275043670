"""What every command stands on: settings, and the database for as long as the command runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


class Mistake(Exception):
    """The command can't do what was asked; the text says why and what to do. It ends with exit code 2."""


def language() -> str:
    """The language of what Alta refuses and calls things, as the terminal's locale has it."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "es" if locale.startswith("es") else "en"


def set_up() -> None:
    """Django with Alta's settings. Connects to nothing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alta.settings")
    import django
    from django.utils import translation

    django.setup()
    translation.activate(language())


@contextmanager
def database() -> Iterator[None]:
    """Django with its database, the embedded server being started where needed."""
    from alta import postgres

    postgres.join()
    try:
        set_up()
        yield
    finally:
        disconnect()
        postgres.leave()


def disconnect() -> None:
    """Closes this thread's connections and the pools, so that the embedded server can stop."""
    from django.conf import settings

    if not settings.configured:
        return
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if close_pool := getattr(connection, "close_pool", None):
            close_pool()


def actor() -> str:
    """Who the log names for what is done here."""
    import getpass

    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"
