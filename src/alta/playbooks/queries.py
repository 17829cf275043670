"""Reading published playbooks."""

from __future__ import annotations

from alta.playbooks.models import PlaybookVersion


def current_version(name: str) -> PlaybookVersion | None:
    """The newest version of a playbook: what new jobs start with."""
    return PlaybookVersion.objects.filter(name=name).order_by("-version").first()
