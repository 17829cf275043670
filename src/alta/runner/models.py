"""Jobs and their tasks. The rows are the state: a worker keeps nothing that is not here."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alta.runner.rules import JobState, TaskState


class Worker(models.Model):
    """A process that runs jobs. Its jobs go to others when it has not been heard of for a while."""

    name = models.CharField(max_length=100)
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """One run of one version of a playbook.

    `seq` grows with every change of the job or its tasks, and numbers its events. `lease` grows with every
    taking-over: a worker that lost the job can't write to it any more. `inputs` and `variables` are frozen
    at the start, each value with the place it came from; items from stock are kept by number, never with
    their secrets."""

    playbook = models.ForeignKey("playbooks.PlaybookVersion", models.PROTECT, related_name="jobs")
    title = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=12, choices=JobState.choices, default=JobState.QUEUED)
    priority = models.SmallIntegerField(default=0)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, null=True, related_name="jobs")
    service = models.ForeignKey("services.Service", models.PROTECT, null=True, related_name="jobs")
    order_id = models.BigIntegerField(null=True)
    inputs = models.JSONField(default=dict)
    variables = models.JSONField(default=dict)
    error = models.JSONField(null=True)
    started_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    seq = models.BigIntegerField(default=0)
    lease = models.BigIntegerField(default=0)
    worker = models.ForeignKey(Worker, models.SET_NULL, null=True, related_name="jobs", db_index=False)
    # What a failed job was doing: forward, or backward to one of two ends.
    backward_to = models.CharField(max_length=12, blank=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.CheckConstraint(name="runner_job_state", condition=Q(state__in=JobState.values))
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="runner_job_customer"),
            models.Index(fields=["order_id"], condition=Q(order_id__isnull=False), name="runner_job_order"),
            models.Index(fields=["worker"], condition=Q(worker__isnull=False), name="runner_job_held"),
            models.Index(
                fields=["state", "priority", "created_at"],
                condition=Q(state__in=["queued", "running", "cancelling", "undoing"], worker__isnull=True),
                name="runner_job_unheld",
            ),
            # For the start page: what a person has to see to, and how the last days went.
            models.Index(
                fields=["state", "-id"],
                condition=Q(state__in=["queued", "running", "cancelling", "undoing", "failed"]),
                name="runner_job_attention",
            ),
            models.Index(
                fields=["ended_at", "state"],
                condition=Q(ended_at__isnull=False),
                name="runner_job_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"job {self.pk}"


class Task(models.Model):
    """One step of a job. `key` is its name in the playbook; repeated tasks have one row an item: `key[0]`,
    `key[1]` …"""

    job = models.ForeignKey(Job, models.CASCADE, related_name="tasks", db_index=False)
    key = models.CharField(max_length=50)
    position = models.IntegerField()
    kind = models.CharField(max_length=8)
    title = models.JSONField()
    state = models.CharField(_("state"), max_length=12, choices=TaskState.choices, default=TaskState.PENDING)
    rescues = models.CharField(max_length=50, blank=True)
    item = models.JSONField(null=True)
    attempts = models.IntegerField(default=0)
    budget = models.IntegerField(default=0)  # tries allowed, in all, before a person has to look
    output = models.JSONField(null=True)
    error = models.JSONField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    wake_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    role = models.CharField(max_length=60, blank=True)
    event = models.CharField(max_length=120, blank=True)
    received = models.BigIntegerField(null=True)  # number of the outside event that ended the wait

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["job", "key"], name="runner_task_one_row_a_key"),
            models.CheckConstraint(name="runner_task_state", condition=Q(state__in=TaskState.values)),
        ]
        indexes = [
            models.Index(
                fields=["wake_at"],
                condition=Q(state="waiting", wake_at__isnull=False),
                name="runner_task_sleeping",
            ),
            models.Index(
                fields=["event"], condition=Q(state="waiting") & ~Q(event=""), name="runner_task_event"
            ),
            models.Index(
                fields=["role"], condition=Q(state="waiting") & ~Q(role=""), name="runner_task_inbox"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Attempt(models.Model):
    """One try at a task: what was asked and answered, without secrets. `phase` is do, verify or undo."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="tries", db_index=False)
    phase = models.CharField(max_length=6)
    number = models.IntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100)
    outcome = models.CharField(max_length=12, blank=True)
    request = models.JSONField(null=True)
    answer = models.JSONField(null=True)
    wire = models.JSONField(null=True)
    error = models.JSONField(null=True)

    class Meta:
        ordering = ["started_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "phase", "number"], name="runner_attempt_one_row_a_try")
        ]


class Event(models.Model):
    """Something that changed in a job, for screens and programs that follow it. Numbered without gaps
    within its job."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="events", db_index=False)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    changes = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "seq"], name="runner_event_one_row_a_number")]


class OutsideEvent(models.Model):
    """Something that happened outside a job. It is kept for a while, because a job that was under way may come to the
    wait for it later. `event` is its name and key, as in `Task.event`."""

    event = models.CharField(max_length=120)
    payload = models.JSONField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)

    class Meta:
        indexes = [models.Index(fields=["event"], name="runner_outside_event")]

    def __str__(self) -> str:
        return self.event


class ConnectorState(models.Model):
    """What all workers share about an outside system: its limits, and whether it answers.

    `failures` counts transient failures in a row; while `open_until` lies ahead nothing is sent (the
    breaker is open)."""

    name = models.CharField(max_length=40, primary_key=True)
    concurrency = models.IntegerField(null=True)
    rate = models.FloatField(null=True)
    paused = models.BooleanField(default=False)
    tokens = models.FloatField(default=1)
    tokens_at = models.DateTimeField()
    failures = models.IntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)


class ConnectorUse(models.Model):
    """How many calls to a system a worker may have under way, and how many more it waits for. A dead worker's row goes
    with it."""

    connector = models.ForeignKey(ConnectorState, models.CASCADE, related_name="uses")
    worker = models.ForeignKey(Worker, models.CASCADE, related_name="uses")
    slots = models.IntegerField(default=0)
    wanted = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connector", "worker"], name="runner_use_one_row_a_worker")
        ]
