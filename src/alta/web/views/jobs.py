"""Jobs: the list, a job's page, its progress as it happens, and what people can do with it."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alta.audit.log import entries_about
from alta.orders.models import Order
from alta.orders.undo_preview import may_assign_again
from alta.orders.undoing import later_orders
from alta.runner import reading
from alta.runner import services as runner
from alta.runner.models import Job
from alta.runner.rules import JobState
from alta.web.follow import follower

PAGE = 50


@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    state = request.GET.get("estado", "")
    found = Job.objects.select_related("customer", "playbook").order_by("-id")
    if state in JobState.values:
        found = found.filter(state=state)
    page = Paginator(found, PAGE).get_page(request.GET.get("pagina"))
    return render(request, "web/jobs.html", {"page": page, "state": state, "states": JobState.choices})


def progress_context(job_id: int) -> dict[str, Any]:
    """How far a job has come; and where it is going to be undone, what is undone before it."""
    seen = reading.progress(job_id)
    order: Order | None = getattr(seen.job, "order", None)  # read with the job
    waits = order is not None and order.undo_asked_by and seen.job.state == JobState.DONE
    return {
        "progress": seen,
        "undone_first": later_orders(order) if order is not None and waits else [],
        "again": order if order is not None and may_assign_again(order) else None,
    }


def _job_context(job_id: int) -> dict[str, Any]:
    shown = progress_context(job_id)
    seen = shown["progress"]
    return shown | {
        "details": reading.details(seen),
        "possible": reading.possible(seen.job),
        "inputs": reading.editable_inputs(seen.job),
        "entries": entries_about(seen.job)[:50],
    }


@require_safe
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    return render(request, "web/job.html", _job_context(job_id))


@require_safe
def progress(request: HttpRequest, job_id: int) -> HttpResponse:
    """The part of a page that shows how far a job has come."""
    return render(request, "web/progress_part.html", progress_context(job_id))


@require_safe
def tasks(request: HttpRequest, job_id: int) -> HttpResponse:
    """The part of the job's page that changes while it runs."""
    return render(request, "web/job_part.html", _job_context(job_id))


@login_not_required  # a stream can't follow a redirect to the sign-in page: it answers for itself
async def events(request: HttpRequest, job_id: int) -> HttpResponse | StreamingHttpResponse:
    """News of a job as they happen (server-sent events). Goes on after `Last-Event-ID`, or after `desde`."""
    user = await request.auser()
    await sync_to_async(_let_go_of_the_database)()
    if not user.is_authenticated:
        return HttpResponseForbidden()
    after = request.headers.get("Last-Event-ID") or request.GET.get("desde", "0")
    seen = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    stream = StreamingHttpResponse(follower.events(job_id, seen), content_type="text/event-stream")
    stream.headers["Cache-Control"] = "no-store"
    stream.headers["X-Accel-Buffering"] = "no"
    return stream


def _let_go_of_the_database() -> None:
    """Nothing is held while a stream is open."""
    connection.close()


def back(request: HttpRequest, job_id: int) -> HttpResponse:
    """To where the button was: an assignment's progress, or the job's page."""
    order = Job.objects.filter(pk=job_id).values_list("order__uuid", flat=True).first()
    if request.POST.get("from") == "progress" and order is not None:
        return redirect("assign_progress", order=order)
    return redirect("job", job_id)


@require_POST
def retry(request: HttpRequest, job_id: int) -> HttpResponse:
    runner.retry_job(job_id, actor=request.user.get_username(), now=timezone.now())
    return back(request, job_id)


@require_POST
def edit(request: HttpRequest, job_id: int) -> HttpResponse:
    """Changes inputs of a failed job and goes on. Values arrive as text and are read in the input's type."""
    inputs = {
        one["name"]: _typed(one["spec"].type, request.POST[one["name"]])
        for one in reading.editable_inputs(reading.progress(job_id).job)
        if one["name"] in request.POST
    }
    runner.retry_job(job_id, actor=request.user.get_username(), now=timezone.now(), inputs=inputs)
    return redirect("job", job_id)


def _typed(kind: str, text: str) -> Any:
    return text == "true" if kind == "boolean" else text


@require_POST
def skip(request: HttpRequest, job_id: int) -> HttpResponse:
    runner.skip_task(
        job_id,
        request.POST.get("task", ""),
        request.POST.get("reason", "")[:500],
        actor=request.user.get_username(),
        now=timezone.now(),
    )
    return redirect("job", job_id)


@require_POST
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    runner.cancel_job(job_id, actor=request.user.get_username(), now=timezone.now())
    return back(request, job_id)
