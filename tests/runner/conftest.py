from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from alta.playbooks.services import publish
from alta.runner.models import Job
from alta.runner.services import Subject, start_job
from tests.lab import read_journal

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

Start = Callable[..., Job]


def playbook(tasks: str, *, name: str = "test", inputs: str = "", head: str = "") -> str:
    """The text of a playbook with these tasks; `title` need not be written."""
    lines = []
    for line in dedent(tasks).strip().splitlines():
        lines.append(line)
        stripped = line.lstrip()
        if stripped.startswith("- id:"):
            id_ = stripped.removeprefix("- id:").strip()
            lines.append(" " * (len(line) - len(stripped) + 2) + f"title: {{es: {id_}, en: {id_}}}")
    return (
        f"playbook: {name}\ntitle: {{es: Prueba, en: Test}}\n{dedent(head)}"
        + (f"inputs:\n{indent(dedent(inputs).strip(), '  ')}\n" if inputs else "")
        + f"tasks:\n{indent(chr(10).join(lines), '  ')}\n"
    )


@pytest.fixture
def start(transactional_db: None) -> Start:
    """Publishes a playbook of these tasks and starts a job with it."""

    def begin(
        tasks: str,
        values: Mapping[str, Any] | None = None,
        *,
        name: str = "test",
        inputs: str = "",
        head: str = "",
        subject: Subject | None = None,
        now: datetime = NOW,
    ) -> Job:
        publish(playbook(tasks, name=name, inputs=inputs, head=head), "ana", now)
        return start_job(name, values or {}, subject or Subject(), actor="ana", now=now)

    return begin


def states(job: Job) -> dict[str, str]:
    return dict(job.tasks.values_list("key", "state"))


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def asked(journal: Path) -> list[str]:
    """What the lab was asked, in order: `ask a`, `unask a` …"""
    return [f"{action} {key.split('.')[1]}" for action, key, _ in read_journal(journal)]


def times_asked(journal: Path) -> Counter[str]:
    return Counter(asked(journal))
