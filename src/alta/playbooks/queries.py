"""Reading published playbooks."""

from __future__ import annotations

from collections.abc import Iterable

from alta.playbooks.definitions import Definition, definition
from alta.playbooks.models import PlaybookVersion


def current_version(name: str) -> PlaybookVersion | None:
    """The newest version of a playbook: what new jobs start with."""
    return PlaybookVersion.objects.filter(name=name).order_by("-version").first()


def definitions(names: Iterable[str] | None = None) -> dict[str, Definition]:
    """The current definitions of these playbooks, or of all, by name; what was never published is missing."""
    newest = PlaybookVersion.objects.order_by("name", "-version").distinct("name")
    if names is not None:
        newest = newest.filter(name__in=set(names))
    return {version.name: definition(version.text) for version in newest}
