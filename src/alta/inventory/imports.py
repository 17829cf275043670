"""Importing items from a file: upload, look at what would happen, confirm. Importing a file again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from alta.audit.log import record
from alta.inventory import csvfile, shelving, vault
from alta.inventory.csvfile import Row, Sheet
from alta.inventory.fields import Field, read_fields
from alta.inventory.models import ImportFile, Item, Template
from alta.inventory.refusals import FILE_NOT_FOUND, ITEM_DIFFERS, ITEM_TWICE, TEMPLATE_NOT_FOUND
from alta.inventory.rules import first_state
from alta.inventory.shelving import Checked, Shelf
from alta.refusal import Refusal

KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class RefusedRow:
    """A row that stays out. `str(reason)` says why, to the reader."""

    row: Row
    reason: Refusal

    @property
    def line(self) -> int:
        return self.row.line


@dataclass(frozen=True)
class Preview:
    """What confirming a file would do now."""

    sheet: Sheet
    fields: tuple[Field, ...]
    new: list[Checked]
    unchanged: int
    refused: list[RefusedRow]

    def refused_csv(self) -> str:
        return csvfile.refused_rows(
            self.sheet, self.fields, [(one.row, str(one.reason)) for one in self.refused]
        )


@transaction.atomic
def upload(
    template_id: int, name: str, content: bytes, now: datetime, *, location: str = "", actor: str
) -> ImportFile:
    """Keeps a file until somebody confirms it, or for a day. Refuses one whose columns or format are wrong."""
    template = Template.objects.filter(pk=template_id).first()
    if template is None:
        raise TEMPLATE_NOT_FOUND(template=template_id)
    csvfile.read_sheet(content, read_fields(template.fields))
    return ImportFile.objects.create(
        template=template,
        name=name[:200],
        content=vault.seal_file(content),
        location=shelving.read_location(location),
        uploaded_by=actor,
        uploaded_at=now,
        expires_at=now + KEPT,
    )


def find(uuid: UUID, now: datetime) -> ImportFile:
    """Refuses (`inventory.file.not_found`) one that is kept no more."""
    return _kept(ImportFile.objects.select_related("template").filter(uuid=uuid).first(), now)


def _kept(file: ImportFile | None, now: datetime) -> ImportFile:
    if file is None or (file.confirmed_at is None and file.expires_at <= now):
        raise FILE_NOT_FOUND()
    return file


def preview(file: ImportFile) -> Preview | None:
    """What is in the file, row by row. None for a confirmed file whose rows are forgotten."""
    if file.content is None:
        return None
    fields = read_fields(file.template.fields)
    sheet = csvfile.read_sheet(vault.unseal_file(file.content), fields)
    refused: list[RefusedRow] = []
    well_formed: list[tuple[Row, Checked]] = []
    for row in sheet.rows:
        try:
            well_formed.append((row, shelving.check(fields, sheet.item(row, file.location))))
        except Refusal as reason:
            refused.append(RefusedRow(row, reason))
    there = shelving.shelf(file.template, [item for _, item in well_formed])
    new, unchanged, more = _sort(well_formed, there, fields)
    refused = sorted([*refused, *more], key=lambda one: one.line)
    return Preview(sheet, fields, new, unchanged, refused)


def _sort(
    rows: Sequence[tuple[Row, Checked]], there: Shelf, fields: Sequence[Field]
) -> tuple[list[Checked], int, list[RefusedRow]]:
    """Which items are new, how many are in stock already just so, and which are told apart from no other."""
    new: list[Checked] = []
    unchanged = 0
    refused: list[RefusedRow] = []
    lines: dict[str, int] = {}
    for row, item in rows:
        try:
            _refuse_twice(row, item, lines)
            found = there.find(item)
            if found is None:
                new.append(item)
            else:
                _refuse_different(found, item, fields)
                unchanged += 1
        except Refusal as reason:
            refused.append(RefusedRow(row, reason))
    return new, unchanged, refused


def _refuse_twice(row: Row, item: Checked, lines: dict[str, int]) -> None:
    unique = item.values.unique
    keys = {f"name {item.identifier}": item.identifier} | ({f"value {unique}": unique} if unique else {})
    for key, shown in keys.items():
        if key in lines:
            raise ITEM_TWICE(line=lines[key], value=shown)
    lines |= dict.fromkeys(keys, row.line)


def _refuse_different(found: Item, item: Checked, fields: Sequence[Field]) -> None:
    """Where the item is by now doesn't matter; who it is does."""
    if found.identifier != item.identifier:
        raise ITEM_DIFFERS(item=found.identifier, field=csvfile.IDENTIFIER)
    secrets = {name: value.get_secret_value() for name, value in vault.unseal(found.secrets).items()}
    before, after = {**found.values, **secrets}, {**item.values.public, **item.values.secret}
    for field in fields:
        if before.get(field.name) != after.get(field.name):
            raise ITEM_DIFFERS(item=found.identifier, field=field.name)


@transaction.atomic
def confirm(uuid: UUID, now: datetime, *, actor: str) -> ImportFile:
    """Puts the good rows on the shelf, all in one transaction. Everything is checked again, because stock may
    have changed since the preview. Confirming twice is confirming once."""
    file = _kept(ImportFile.objects.select_for_update().filter(uuid=uuid).first(), now)
    if file.confirmed_at is not None:
        return file
    file.template = shelving.locked_template(file.template_id)
    seen = preview(file)
    if seen is None:
        raise FILE_NOT_FOUND()
    if seen.new:
        state = first_state(file.template.kind)
        shelving.shelve(file.template, seen.new, now, state=state, actor=actor)
    file.confirmed_at = now
    file.added, file.unchanged, file.refused = len(seen.new), seen.unchanged, len(seen.refused)
    file.save()
    record(
        actor,
        "inventory.file.imported",
        file.template,
        file=file.name,
        added=file.added,
        unchanged=file.unchanged,
        refused=file.refused,
    )
    return file


@transaction.atomic
def forget_files(now: datetime) -> int:
    """Drops the files whose day is over; of confirmed ones the counts stay. Says how many."""
    old = ImportFile.objects.filter(expires_at__lte=now)
    dropped, _ = old.filter(confirmed_at__isnull=True).delete()
    return dropped + old.filter(Q(content__isnull=False)).update(content=None)
