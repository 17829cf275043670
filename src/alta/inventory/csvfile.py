"""Reading a CSV file of new items into rows. Pure: it knows nothing of what is in stock."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alta.inventory.fields import MASK, Field
from alta.inventory.refusals import (
    FILE_COLUMN_TWICE,
    FILE_COLUMNS_MISSING,
    FILE_COLUMNS_UNKNOWN,
    FILE_EMPTY,
    FILE_ENCODING,
    FILE_TOO_LARGE,
    FILE_TOO_LONG,
    FILE_UNREADABLE,
    ROW_COLUMNS,
)
from alta.inventory.shelving import NewItem

MOST_MEGABYTES = 8
MOST_ROWS = 50_000
SEPARATORS = ",;\t"
IDENTIFIER, LOCATION = "identifier", "location"
ALIASES = {"identificador": IDENTIFIER, "lugar": LOCATION, "ubicación": LOCATION, "ubicacion": LOCATION}
OF_ERROR_FILES = ("line", "reason")  # of our own list of refused rows, which may come back corrected


@dataclass(frozen=True)
class Row:
    """One row, with the line of the file on which it begins."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A file's columns, by their names in Alta, and its rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def item(self, row: Row, location: str) -> NewItem:
        """What the row says. Refuses one with more or fewer cells than there are columns. `location` is where
        an item is whose row doesn't say."""
        if len(row.cells) != len(self.columns):
            raise ROW_COLUMNS(found=len(row.cells), expected=len(self.columns))
        values = dict(zip(self.columns, row.cells, strict=True))
        identifier, where = values.pop(IDENTIFIER, ""), values.pop(LOCATION, "")
        for name in OF_ERROR_FILES:
            values.pop(name, None)
        return NewItem(identifier, values, where or location)


def columns_of(fields: Sequence[Field]) -> list[str]:
    """The columns that a file for these fields may have."""
    return [IDENTIFIER, *(field.name for field in fields), LOCATION]


def read_sheet(content: bytes, fields: Sequence[Field]) -> Sheet:
    """Reads a whole file. Refuses what is too large, no UTF-8, no CSV, empty, or has other columns."""
    if len(content) > MOST_MEGABYTES * 1_000_000:
        raise FILE_TOO_LARGE(megabytes=MOST_MEGABYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FILE_ENCODING() from None
    if "\0" in text:
        raise FILE_ENCODING()
    rows = _rows(text)
    header = next(rows, None)
    if header is None:
        raise FILE_EMPTY()
    columns = _columns(header, fields)
    found: list[Row] = []
    for row in rows:
        if len(found) == MOST_ROWS:
            raise FILE_TOO_LONG(most=MOST_ROWS)
        found.append(row)
    if not found:
        raise FILE_EMPTY()
    return Sheet(columns, tuple(found))


def _rows(text: str) -> Iterator[Row]:
    """The rows that are not empty. The first line tells the separator."""
    first = text.lstrip().partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            stripped = tuple(cell.strip() for cell in cells)
            if any(stripped):
                yield Row(line, stripped)
            line = reader.line_num + 1
    except csv.Error:
        raise FILE_UNREADABLE(line=line) from None


def _columns(header: Row, fields: Sequence[Field]) -> tuple[str, ...]:
    """Columns by their names in Alta, or by what the fields are called on the screen."""
    names = {name: name for name in (*columns_of(fields), *OF_ERROR_FILES)} | ALIASES
    for field in fields:
        if field.label is not None:
            names |= {field.label.es.casefold(): field.name, field.label.en.casefold(): field.name}
    columns = tuple(names.get(cell.casefold(), "") for cell in header.cells)
    expected = ", ".join(columns_of(fields))
    if unknown := [cell for cell, name in zip(header.cells, columns, strict=True) if not name]:
        raise FILE_COLUMNS_UNKNOWN(
            columns=", ".join(f"«{cell[:40]}»" for cell in unknown[:8]), expected=expected
        )
    if twice := [name for name in columns if columns.count(name) > 1]:
        raise FILE_COLUMN_TWICE(column=twice[0])
    wanted = [field.name for field in fields if field.required]
    if not any(field.unique and field.required for field in fields):
        wanted.insert(0, IDENTIFIER)
    if missing := [name for name in wanted if name not in columns]:
        raise FILE_COLUMNS_MISSING(columns=", ".join(missing), expected=expected)
    return columns


def example(fields: Sequence[Field]) -> str:
    """A file with nothing but the first line."""
    return ",".join(columns_of(fields)) + "\r\n"


def refused_rows(sheet: Sheet, fields: Sequence[Field], refused: Sequence[tuple[Row, str]]) -> str:
    """The refused rows as CSV, each with its line and the reason. Secrets are masked."""
    secret = {field.name for field in fields if field.secret}
    columns = [name for name in sheet.columns if name not in OF_ERROR_FILES]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*OF_ERROR_FILES, *columns])
    for row, reason in refused:
        cells = dict(zip(sheet.columns, row.cells, strict=False))
        shown = [MASK if name in secret and cells.get(name) else cells.get(name, "") for name in columns]
        writer.writerow([_harmless(cell) for cell in (str(row.line), reason, *shown)])
    return out.getvalue()


def _harmless(cell: str) -> str:
    """A spreadsheet would take such a cell for a formula; a phone number is none."""
    number = cell[1:].replace(" ", "").isdigit()
    formula = cell.startswith(("=", "@", "\t", "\r")) or (cell.startswith(("+", "-")) and not number)
    return f"'{cell}" if formula else cell
