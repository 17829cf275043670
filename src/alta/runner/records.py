"""The rows of a job as a worker holds them, and what one commit writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alta.connectors.contract import ConnectorError
from alta.refusal import Refusal, RefusalKind
from alta.runner.secrecy import clean


@dataclass
class TaskRow:
    """A task, with the columns that running it may change. `row_id` 0: not stored yet."""

    row_id: int
    key: str
    position: int
    kind: str
    state: str
    rescues: str
    item: Any
    attempts: int
    budget: int
    output: Any
    error: Any
    started_at: datetime | None
    ended_at: datetime | None
    wake_at: datetime | None
    due_at: datetime | None
    role: str
    event: str


@dataclass
class JobRow:
    """A job in the hands of a worker, with all its tasks."""

    job_id: int
    playbook_id: int
    state: str
    customer_id: int | None
    service_id: int | None
    order_id: int | None
    inputs: dict[str, Any]
    variables: dict[str, Any]
    started_by: str
    started_at: datetime | None
    deadline_at: datetime | None
    seq: int
    lease: int
    backward_to: str
    worker_id: int | None
    tasks: dict[str, TaskRow] = field(default_factory=dict)


@dataclass
class AttemptRow:
    """One try. Written when it begins and again when it has ended."""

    task_id: int
    phase: str
    number: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str = ""
    request: Any = None
    answer: Any = None
    wire: Any = None
    error: Any = None


@dataclass
class Save:
    """What one commit writes about one job: all of it, or nothing where the job changed or was lost
    meanwhile."""

    job: JobRow
    at: datetime
    worker: str
    tasks: list[TaskRow]
    attempts: list[AttemptRow]
    changes: dict[str, Any]
    release: bool = False
    job_error: Any = None
    ended: bool = False


@dataclass(frozen=True)
class Problem:
    """Why a try failed: a code with its message's parameters, a detail for engineers, and whether it may
    pass."""

    code: str
    params: dict[str, Any]
    detail: str = ""
    transient: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "params": {k: v[:500] if isinstance(v, str) else v for k, v in self.params.items()},
            "detail": self.detail[:2000],
            "transient": self.transient,
        }

    def cleaned(self, secrets: Sequence[str]) -> Problem:
        """Without secrets, whatever a system echoed."""
        return Problem(self.code, clean(self.params, secrets), clean(self.detail, secrets), self.transient)

    @classmethod
    def of(cls, kind: RefusalKind, /, *, detail: str = "", transient: bool = False, **params: Any) -> Problem:
        return cls(kind.code, params, detail, transient)

    @classmethod
    def of_error(cls, error: ConnectorError | Refusal) -> Problem:
        params = {
            name: value if isinstance(value, int | float) else str(value)
            for name, value in error.params.items()
        }
        if isinstance(error, Refusal):
            return cls(error.code, params)
        return cls(error.kind.code, params, error.detail, error.transient)
