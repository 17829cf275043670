"""`alta playbook`: for authors."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from alta.commands.environment import Mistake, actor, database, set_up

if TYPE_CHECKING:
    from alta.playbooks.reader import Finding


def check(options: Namespace) -> int:
    """Prints every mistake in the files, as editors and CI read it. Needs no database."""
    # Checking needs the names of all actions, so all of Django; but no secret, and it shouldn't make one.
    os.environ.setdefault("ALTA_SECRET_KEY", "checking playbooks signs nothing")
    set_up()
    from alta.playbooks.check import check as findings_in

    mistakes = 0
    for file in options.files:
        findings = findings_in(_read(file))
        _print(file, findings)
        if not findings:
            print(f"{file}: good")
        mistakes += len(findings)
    return 1 if mistakes else 0


def publish(options: Namespace) -> int:
    """Publishes the files, all or none. One that is published already stays the version it is. Says which products on
    sale could not be provisioned any more: they are not refused here, but to customers."""
    texts = [(file, _read(file)) for file in options.files]
    with database():
        from django.db import transaction
        from django.utils import timezone

        from alta.playbooks.reader import PlaybookMistake
        from alta.playbooks.services import publish as publish_text

        names: list[str] = []
        with transaction.atomic():
            for file, text in texts:
                try:
                    version = publish_text(text, actor(), timezone.now())
                    print(version)
                    names.append(version.name)
                except PlaybookMistake as mistake:
                    _print(file, mistake.findings)
                    transaction.set_rollback(True)
                    return 1
        for name in names:
            _warn(name)
    return 0


def _warn(playbook: str) -> None:
    from alta.catalog.queries import products_broken_by

    for product, reasons in products_broken_by(playbook):
        for reason in reasons:
            print(f"warning: product {product.slug} can't be provisioned with it: {reason}")


def schema(options: Namespace) -> int:
    """Prints the language as JSON Schema."""
    from alta.playbooks.language import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


def _print(file: str, findings: Iterable[Finding]) -> None:
    for finding in findings:
        print(f"{file}:{finding.line}:{finding.column}: {finding.sentence}")


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{file} can't be read: {error}") from error
