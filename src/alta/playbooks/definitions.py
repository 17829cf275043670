"""What published playbooks say, and what is wrong with them today."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from alta.playbooks.check import check
from alta.playbooks.language import Playbook
from alta.playbooks.plan import make_plan
from alta.playbooks.reader import PlaybookMistake, read_playbook
from alta.playbooks.templates import Chain


@dataclass(frozen=True)
class Definition:
    """What a published playbook says. `mistakes` are what Alta finds wrong with it today: an action may be gone since it
    was published, or the language may have changed. `reads` are the variables that its templates use."""

    playbook: Playbook | None
    mistakes: tuple[str, ...] = ()
    reads: frozenset[Chain] = frozenset()


@lru_cache(maxsize=256)
def definition(text: str) -> Definition:
    """What a text says; kept, because reading one takes some milliseconds."""
    try:
        playbook, _source = read_playbook(text)
    except PlaybookMistake as mistake:
        return Definition(None, tuple(finding.sentence for finding in mistake.findings))
    mistakes = tuple(dict.fromkeys(finding.sentence for finding in check(text)))
    return Definition(playbook, mistakes, make_plan(playbook).variables)
