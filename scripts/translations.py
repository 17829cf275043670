"""Keeps the Spanish catalogue complete: `update` collects the texts, `check` fails where one is missing, `compile` builds what
Django reads. Uses Babel, so no gettext programs are needed on the machine."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "alta"
PO = SOURCE / "locale" / "es" / "LC_MESSAGES" / "django.po"
KEYWORDS: dict[str, tuple[object, ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
# Ours and short: Babel would write names to fill in, and dates that change at every run.
HEADER = r"""# Alta in Spanish.
msgid ""
msgstr ""
"Project-Id-Version: Alta\n"
"Language: es\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""
PLACEHOLDER = re.compile(r"\{[a-z_]*\}|%\([a-z_]+\)[sd]")


def texts() -> Iterator[tuple[str, object, str | None]]:
    """Every text in the code and the templates: its file, itself (a pair where it has a plural), and its context."""
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" not in path.parts:
            yield from _found(path, path.read_bytes())
    for path in sorted(SOURCE.rglob("*.html")):
        yield from _found(path, templatize(path.read_text(), origin=path.name).encode())


def _found(path: Path, source: bytes) -> Iterator[tuple[str, object, str | None]]:
    name = str(path.relative_to(ROOT))
    for _line, message, _comments, context in extract("python", io.BytesIO(source), KEYWORDS):  # type: ignore[arg-type]
        if message and message != "":
            yield name, message, context


def collected() -> Catalog:
    catalog = Catalog(locale="es", project="Alta", charset="utf-8", fuzzy=False)
    for name, message, context in texts():
        catalog.add(message, locations=[(name, None)], context=context)  # type: ignore[arg-type, list-item]
    return catalog


def stored() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="es")


def update() -> None:
    catalog = stored() if PO.exists() else Catalog(locale="es", fuzzy=False)
    catalog.update(collected(), no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    with PO.open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, catalog, width=110, sort_output=True, omit_header=True, no_location=True)


def compile_() -> None:
    with PO.with_suffix(".mo").open("wb") as file:
        write_mo(file, stored())


def _strings(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(part) for part in value]  # type: ignore[attr-defined]


def check() -> int:
    """1 where a text has no Spanish, where placeholders differ, or where a translation is no longer used."""
    wanted, have, problems = collected(), stored(), []
    for message in wanted:
        if not message.id:
            continue
        found = have.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
        if found is None or not all(_strings(found.string)) or found.fuzzy:
            problems.append(f"no Spanish for {message.id!r} ({message.locations[0][0]})")
        elif {*PLACEHOLDER.findall(_strings(message.id)[-1])} != {
            *PLACEHOLDER.findall(_strings(found.string)[-1])
        }:
            problems.append(f"other placeholders in the Spanish of {message.id!r}")
    for message in have:
        if message.id and wanted.get(_strings(message.id)[0], message.context) is None:
            problems.append(f"no longer used: {message.id!r}")
    print("\n".join(problems) or f"Spanish is complete: {len(wanted)} texts")
    return 1 if problems else 0


if __name__ == "__main__":
    settings.configure(USE_I18N=False)
    match sys.argv[1:]:
        case ["update"]:
            update()
        case ["compile"]:
            compile_()
        case ["check"]:
            sys.exit(check())
        case _:
            sys.exit("usage: translations.py update | check | compile")
