"""`alta check`: what is missing before Alta can work, and what to do about it. One line for each thing."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from alta.commands.environment import disconnect, set_up

OLDEST_POSTGRES = 150000
HEALTH_SECONDS = 6.0
COMPILE = "run `python scripts/translations.py compile`"


@dataclass(frozen=True)
class Line:
    """`ok` is None for what is not there and not needed."""

    ok: bool | None
    thing: str
    sentence: str

    def __str__(self) -> str:
        mark = {True: "✓", False: "✗", None: "–"}[self.ok]
        return f"{mark} {self.thing}: {self.sentence}"


def check(options: Namespace) -> int:
    """Looks at everything; 1 where something is wrong."""
    from alta import postgres

    failed = False
    try:
        for part in (settings, database, connectors, playbooks, translations):
            for line in _lines(part):
                print(line, flush=True)
                failed = failed or line.ok is False
                if part is settings and line.ok is False:
                    return 1  # nothing else can be looked at
    finally:
        disconnect()
        postgres.leave()
    return int(failed)


def _lines(part: Callable[[], Iterator[Line]]) -> Iterator[Line]:
    try:
        yield from part()
    except Exception as error:
        yield Line(False, part.__name__, str(error).strip().split("\n", 1)[0] or type(error).__name__)


def settings() -> Iterator[Line]:
    """Alta's own settings, read from the environment."""
    from django.conf import settings as found
    from django.core.checks import ERROR, run_checks

    set_up()
    wrong = [message for message in run_checks() if message.level >= ERROR]
    for message in wrong:
        yield Line(False, "settings", " ".join([message.msg, message.hint or ""]).strip())
    if not wrong:
        yield Line(True, "settings", f"read; ALTA_HOME is {found.HOME}")


def database() -> Iterator[Line]:
    """The database answers, is new enough and has the tables of this version."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from alta import postgres

    what = "the embedded PostgreSQL" if postgres.is_embedded() else "PostgreSQL of DATABASE_URL"
    try:
        postgres.join()
        connection.ensure_connection()
    except Exception as error:
        yield Line(False, "database", f"{what} can't be reached: {str(error).strip().splitlines()[0]}")
        return
    version = connection.cursor().connection.info.server_version
    if version < OLDEST_POSTGRES:
        yield Line(False, "database", f"PostgreSQL {version // 10000} is too old; use 15 or later")
        return
    yield Line(True, "database", f"{what} answers, version {version // 10000}.{version % 10000}")
    executor = MigrationExecutor(connection)
    if waiting := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield Line(False, "tables", f"{len(waiting)} migrations are not applied: run `alta migrate`")
    else:
        yield Line(True, "tables", "up to date")


def connectors() -> Iterator[Line]:
    """Every connector is configured and its system well. One that no playbook on sale uses may be missing."""
    from pydantic import ValidationError

    from alta.connectors import registry

    used = _used()
    for name, found in sorted(registry.connector_classes().items()):
        try:
            registry.read_settings(found)
        except (ValidationError, OSError) as error:
            needed = used is None or name in used
            sentence = _what_to_set(name, error)
            if not needed:
                sentence += " (no product on sale needs it)"
            yield Line(False if needed else None, name, sentence)
            continue
        yield asyncio.run(_health(name))


def _what_to_set(name: str, error: Exception) -> str:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return f"a file that a variable names can't be read: {error}"
    parts = []
    for one in error.errors():
        variable = f"ALTA_{name}_{'.'.join(str(part) for part in one['loc'])}".upper()
        parts.append(f"set {variable}" if one["type"] == "missing" else f"{variable} is wrong: {one['msg']}")
    return "not configured; " + ", ".join(parts)


async def _health(name: str) -> Line:
    from alta.connectors import registry

    connector = registry.connector(name)
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            health = await connector.health()
    except Exception as error:
        return Line(False, name, f"could not be asked: {type(error).__name__} {error}".strip())
    finally:
        await connector.close()
    took = f" ({health.milliseconds:.0f} ms)" if health.milliseconds is not None else ""
    return Line(health.ok, name, (health.detail or "answers") + took)


def _used() -> set[str] | None:
    """Connectors that the playbooks of products on sale name; None where the database can't say."""
    from django.db import Error, connection

    from alta.connectors import registry
    from alta.playbooks.queries import current_version

    try:
        versions = [current_version(name) for name in _playbooks_on_sale()]
    except Error:
        connection.close()
        return None
    text = "\n".join(version.text for version in versions if version)
    return {a.connector for name, a in registry.actions().items() if a.connector and name in text}


def _playbooks_on_sale() -> list[str]:
    from alta.catalog.models import Product

    products = Product.objects.filter(enabled=True).exclude(playbook="")
    return sorted(set(products.values_list("playbook", flat=True)))


def playbooks() -> Iterator[Line]:
    """Every playbook that a product on sale names is published."""
    from django.db import Error

    from alta.catalog.models import Product
    from alta.playbooks.queries import current_version

    try:
        names = _playbooks_on_sale()
        if not names:
            yield Line(None, "playbooks", "no product on sale has one yet")
        for name in names:
            version = current_version(name)
            if version:
                yield Line(True, f"playbook {name}", f"version {version.version}")
            else:
                yield Line(False, f"playbook {name}", "not published; run `alta playbook publish FILE`")
        if without := Product.objects.filter(enabled=True, playbook="").values_list("slug", flat=True):
            yield Line(
                None, "products without playbook", ", ".join(without) + " (not for sale until they have)"
            )
    except Error:
        yield Line(False, "playbooks", "can't be read without the tables")


def translations() -> Iterator[Line]:
    """The translations are compiled, and not older than their sources. English is in the source itself."""
    from django.conf import settings as found

    for language, _name in found.LANGUAGES:
        if language == "en":
            continue
        source = Path(found.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"
        compiled = source.with_suffix(".mo")
        if not compiled.exists():
            yield Line(False, f"translations {language}", f"not compiled; {COMPILE}")
        elif source.exists() and compiled.stat().st_mtime < source.stat().st_mtime:
            yield Line(False, f"translations {language}", f"older than their source; {COMPILE}")
        else:
            yield Line(True, f"translations {language}", "compiled")
