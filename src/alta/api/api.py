"""The REST interface. Its OpenAPI document is at /api/openapi.json."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema, Status
from ninja.errors import AuthenticationError, ValidationError

from alta import __version__
from alta.api.access import access
from alta.api.refusals import MALFORMED, UNAUTHENTICATED
from alta.refusal import Refusal, describe
from alta.runner import reading

api = NinjaAPI(
    title="Alta",
    version=__version__,
    auth=access,
    docs_url=None,
    openapi_url="openapi.json",
    urls_namespace="api",
)


class ProblemOut(Schema):
    """An answer that says no (RFC 9457), with the refusal's stable code."""

    type: str = "about:blank"
    title: str
    status: int
    code: str


class ErrorOut(Schema):
    code: str
    message: str
    transient: bool = False


class TaskOut(Schema):
    key: str
    title: dict[str, str]
    kind: str
    state: str
    attempts: int
    output: Any = None
    error: ErrorOut | None = None
    started_at: datetime | None
    ended_at: datetime | None


class JobOut(Schema):
    """A job and its tasks. `seq` grows with every change, and is the entity's tag."""

    id: int
    state: str
    title: dict[str, str]
    playbook: str
    seq: int
    customer_id: int | None
    service_id: int | None
    settled: int
    total: int
    error: ErrorOut | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    tasks: list[TaskOut]


@api.exception_handler(Refusal)
def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    problem = ProblemOut(title=str(refusal), status=refusal.kind.status, code=refusal.code)
    response = api.create_response(request, problem.dict(), status=refusal.kind.status)
    response.headers["Content-Type"] = "application/problem+json"
    return response


@api.exception_handler(AuthenticationError)
def unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return refused(request, UNAUTHENTICATED())


@api.exception_handler(ValidationError)
def malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    return refused(request, MALFORMED(field=first["loc"][-1], reason=first["msg"]))


def _error(stored: dict[str, Any] | None) -> ErrorOut | None:
    if not stored:
        return None
    return ErrorOut(
        code=stored["code"],
        message=describe(stored["code"], stored.get("params", {}), stored.get("detail", "")),
        transient=stored.get("transient", False),
    )


@api.get("jobs/{job_id}", response={200: JobOut, 304: None, 404: ProblemOut}, summary="Read a job")
def read_job(request: HttpRequest, response: HttpResponse, job_id: int) -> Any:
    """A job with its tasks. Send the `ETag` of the last answer as `If-None-Match` to be told 304 while nothing changed."""
    seen = reading.progress(job_id)
    tag = f'"{seen.job.pk}-{seen.job.seq}"'
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    if request.headers.get("If-None-Match") == tag:
        return Status(304, None)
    job = seen.job
    return JobOut(
        id=job.pk,
        state=job.state,
        title=job.title,
        playbook=str(job.playbook),
        seq=job.seq,
        customer_id=job.customer_id,
        service_id=job.service_id,
        settled=seen.settled,
        total=seen.total,
        error=_error(job.error),
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        tasks=[
            TaskOut(
                key=task.key,
                title=task.title,
                kind=task.kind,
                state=task.state,
                attempts=task.attempts,
                output=task.output,
                error=_error(task.error),
                started_at=task.started_at,
                ended_at=task.ended_at,
            )
            for task in seen.tasks
        ],
    )
