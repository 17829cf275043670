"""What people do with jobs: retry, skip, edit, cancel, undo; their own tasks; and what is refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from alta.audit.models import Entry
from alta.catalog.models import Product
from alta.inventory.models import Item, Template
from alta.refusal import Refusal
from alta.runner import services
from alta.runner.engine import Engine
from alta.runner.models import Attempt, Event, Job, Task
from tests.conftest import RunJobs, Wait
from tests.lab_effects import notes
from tests.runner.conftest import NOW, Start, asked, state_of, states, times_asked

pytestmark = pytest.mark.django_db(transaction=True)
ANA: dict[str, Any] = {"actor": "ana", "now": NOW}


def everything() -> list[Any]:
    """Every row that a use case of the runner may write."""
    return [list(model.objects.order_by("pk").values()) for model in (Job, Task, Event, Attempt, Entry)]


def refused(code: str, use_case: Callable[[], object]) -> None:
    """The use case is refused with this code, and nothing has changed."""
    before = everything()
    with pytest.raises(Refusal) as refusal:
        use_case()
    assert refusal.value.code == code
    assert str(refusal.value)
    assert everything() == before


FAILS_AT_C = """
    - id: a
      do: lab.ask
    - id: b
      do: lab.note
      with: {say: b}
    - id: c
      do: lab.ask
      with: {fail_until: %s}
    - id: d
      do: lab.ask
"""

# --- retry


def test_a_retry_goes_on_at_the_failed_task(
    start: Start, run_jobs: RunJobs, lab_journal: Path, tmp_path: Path
) -> None:
    job = start(FAILS_AT_C % (tmp_path / "repaired"))
    run_jobs(job)
    assert states(job) == {"a": "done", "b": "done", "c": "failed", "d": "pending"}
    (tmp_path / "repaired").touch()
    services.retry_job(job.pk, **ANA)
    assert state_of(job) == "queued"
    run_jobs(job)
    assert state_of(job) == "done"
    assert job.error is None
    assert asked(lab_journal) == ["ask a", "ask c", "ask c", "ask d"]
    assert notes(job.pk) == ["b"]


def test_a_retry_has_all_its_tries_again(start: Start, run_jobs: RunJobs, lab_journal: Path) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {fail: transient}
          retry: {attempts: 2, backoff: 10ms}
    """)
    run_jobs(job)
    services.retry_job(job.pk, **ANA)
    run_jobs(job)
    assert times_asked(lab_journal) == {"ask a": 4}
    assert list(Attempt.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3, 4]


def test_retrying_twice_is_retrying_once(start: Start, run_jobs: RunJobs, tmp_path: Path) -> None:
    job = start(FAILS_AT_C % (tmp_path / "repaired"))
    run_jobs(job)
    services.retry_job(job.pk, **ANA)
    refused("job.wrong_state", lambda: services.retry_job(job.pk, **ANA))


def test_of_many_who_retry_at_the_same_moment_one_does(
    start: Start, run_jobs: RunJobs, lab_journal: Path, tmp_path: Path
) -> None:
    job = start(FAILS_AT_C % (tmp_path / "repaired"))
    run_jobs(job)
    (tmp_path / "repaired").touch()
    answers: list[str] = []
    barrier = threading.Barrier(8)

    def retry() -> None:
        barrier.wait()
        try:
            services.retry_job(job.pk, **ANA)
            answers.append("retried")
        except Refusal as refusal:
            answers.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=retry) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["job.wrong_state"] * 7 + ["retried"]
    assert Entry.objects.filter(action="job.retried").count() == 1
    run_jobs(job)
    assert times_asked(lab_journal)["ask c"] == 2


def test_an_edited_input_is_used_by_the_retry(start: Start, run_jobs: RunJobs, lab_journal: Path) -> None:
    job = start(
        """
        - id: a
          do: lab.ask
          with: {fail: "{{ inputs.fail }}", say: "{{ inputs.other }}"}
        """,
        {"fail": "permanent", "other": "kept"},
        inputs="fail: {type: string}\nother: {type: string}",
    )
    run_jobs(job)
    services.retry_job(job.pk, inputs={"fail": ""}, **ANA)
    run_jobs(job)
    assert state_of(job) == "done"
    assert job.tasks.get().output == {"said": "kept"}
    assert job.inputs == {
        "fail": {"value": "", "source": "edited"},
        "other": {"value": "kept", "source": "order"},
    }


def test_an_edited_input_must_be_valid(start: Start, run_jobs: RunJobs) -> None:
    job = start(
        "- id: a\n  do: lab.ask\n  with: {fail: permanent}",
        {"n": 3},
        inputs="n: {type: integer, max: 5}",
    )
    run_jobs(job)
    refused("job.input.invalid", lambda: services.retry_job(job.pk, inputs={"n": 6}, **ANA))
    refused("job.input.unknown", lambda: services.retry_job(job.pk, inputs={"m": 1}, **ANA))


# --- skip


def test_a_failed_task_can_be_skipped_with_a_reason(
    start: Start, run_jobs: RunJobs, lab_journal: Path, tmp_path: Path
) -> None:
    job = start(FAILS_AT_C % (tmp_path / "never"))
    run_jobs(job)
    refused("task.reason_missing", lambda: services.skip_task(job.pk, "c", "  ", **ANA))
    services.skip_task(job.pk, "c", "done by hand", **ANA)
    run_jobs(job)
    assert state_of(job) == "done"
    assert states(job)["c"] == "skipped"
    assert asked(lab_journal) == ["ask a", "ask c", "ask d"]
    assert Entry.objects.get(action="task.skipped").detail == {"task": "c", "reason": "done by hand"}


def test_with_two_failures_skipping_one_is_not_enough(start: Start, run_jobs: RunJobs) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {fail: permanent}
        - id: b
          do: lab.ask
          with: {fail: permanent, delay: 0.1}
          needs: []
    """)
    run_jobs(job)
    services.skip_task(job.pk, "a", "no", **ANA)
    assert state_of(job) == "failed"
    services.skip_task(job.pk, "b", "no", **ANA)
    run_jobs(job)
    assert state_of(job) == "done"


@pytest.mark.parametrize("key", ["a", "first_aid"])
def test_a_task_or_its_failed_rescue_can_be_skipped(start: Start, run_jobs: RunJobs, key: str) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {fail: permanent}
          rescue:
            - id: first_aid
              do: lab.ask
              with: {fail: permanent}
        - id: b
          do: lab.ask
    """)
    run_jobs(job)
    services.skip_task(job.pk, key, "no", **ANA)
    run_jobs(job)
    assert state_of(job) == "done"
    assert states(job)["b"] == "done"
    assert states(job)["first_aid"] == "skipped"


def test_what_is_done_cannot_be_skipped(start: Start, run_jobs: RunJobs, tmp_path: Path) -> None:
    job = start(FAILS_AT_C % (tmp_path / "never"))
    run_jobs(job)
    refused("task.wrong_state", lambda: services.skip_task(job.pk, "a", "no", **ANA))
    refused("task.not_found", lambda: services.skip_task(job.pk, "z", "no", **ANA))
    refused("job.not_found", lambda: services.skip_task(job.pk + 99, "a", "no", **ANA))


# --- cancel and undo

UNDOABLE = """
    - id: a
      do: lab.ask
      undo: {do: lab.unask, effect: {do: lab.note, with: {say: un-a}}}
    - id: b
      do: lab.note
      with: {say: b}
      undo: {do: lab.note, with: {say: "un-{{ result.noted }}"}}
    - id: plain
      do: lab.ask
    - id: c
      do: lab.ask
      undo: {do: lab.unask}
    - id: d
      %s
      undo: {do: lab.unask}
"""


def test_cancelling_a_failed_job_takes_back_what_it_did_last_thing_first(
    start: Start, run_jobs: RunJobs, lab_journal: Path
) -> None:
    job = start(UNDOABLE % "do: lab.ask\n      with: {fail: permanent}")
    run_jobs(job)
    assert state_of(job) == "failed"
    services.cancel_job(job.pk, **ANA)
    assert state_of(job) == "cancelling"
    run_jobs(job)
    assert state_of(job) == "cancelled"
    # `d` failed, but may have done something before it did.
    assert asked(lab_journal)[4:] == ["unask d", "unask c", "unask a"]
    assert notes(job.pk) == ["b", "un-b", "un-a"]
    assert states(job) == {"a": "undone", "b": "undone", "plain": "done", "c": "undone", "d": "undone"}


def test_cancelling_a_waiting_job_takes_back_what_it_did(
    start: Start, run_jobs: RunJobs, lab_journal: Path
) -> None:
    job = start(UNDOABLE % "human: {role: agent}")
    run_jobs(job)
    assert state_of(job) == "waiting"
    services.cancel_job(job.pk, **ANA)
    run_jobs(job)
    assert state_of(job) == "cancelled"
    assert states(job)["d"] == "cancelled"
    assert asked(lab_journal) == ["ask a", "ask plain", "ask c", "unask c", "unask a"]


def test_cancelling_a_running_job_lets_its_call_end_first(
    start: Start, transactional_db: None, lab_journal: Path
) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {delay: 0.5}
          undo: {do: lab.unask}
        - id: b
          do: lab.ask
    """)
    run_while(job, lambda: services.cancel_job(job.pk, **ANA))
    assert state_of(job) == "cancelled"
    assert asked(lab_journal) == ["ask a", "unask a"]
    assert states(job) == {"a": "undone", "b": "cancelled"}


def run_while(job: Job, act: Callable[[], object], seconds: float = 10) -> None:
    """Runs a job, and does something else while its first call is under way; as people do, without telling the engine."""

    async def both() -> None:
        engine = Engine("test")
        await engine.start()
        watching = asyncio.create_task(engine.watch())
        try:
            async with asyncio.timeout(seconds):
                await engine.accept(job.pk)
                await asyncio.sleep(0.2)
                await engine.in_database(act)
                await engine.drain()
        finally:
            watching.cancel()
            await engine.stop()

    asyncio.run(both())


def test_a_retry_that_sleeps_does_not_delay_cancelling(start: Start, lab_journal: Path) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {fail: transient}
          retry: {attempts: 3, backoff: 1h, max_backoff: 1h}
          undo: {do: lab.unask}
    """)
    run_while(job, lambda: services.cancel_job(job.pk, **ANA), 5)
    assert state_of(job) == "cancelled"
    assert asked(lab_journal) == ["ask a", "unask a"]


def test_a_job_that_has_not_begun_is_cancelled_without_a_call(
    start: Start, run_jobs: RunJobs, lab_journal: Path
) -> None:
    job = start(UNDOABLE % "do: lab.ask")
    services.cancel_job(job.pk, **ANA)
    run_jobs(job)
    assert state_of(job) == "cancelled"
    assert set(states(job).values()) == {"cancelled"}
    assert asked(lab_journal) == []


def test_undoing_a_finished_job_takes_everything_back_last_thing_first(
    start: Start, run_jobs: RunJobs, lab_journal: Path
) -> None:
    job = start(UNDOABLE % "do: lab.ask")
    run_jobs(job)
    assert state_of(job) == "done"
    services.undo_job(job.pk, **ANA)
    run_jobs(job)
    assert state_of(job) == "undone"
    assert asked(lab_journal)[4:] == ["unask d", "unask c", "unask a"]
    assert notes(job.pk) == ["b", "un-b", "un-a"]


def test_repetitions_are_undone_one_by_one(start: Start, run_jobs: RunJobs, lab_journal: Path) -> None:
    job = start("""
        - id: a
          do: lab.ask
          for_each: "['x', 'y']"
          with: {say: "{{ item }}"}
          undo: {do: lab.unask, with: {say: "{{ item }}"}}
    """)
    run_jobs(job)
    services.undo_job(job.pk, **ANA)
    run_jobs(job)
    assert states(job) == {"a": "undone", "a[0]": "undone", "a[1]": "undone"}
    assert sorted(asked(lab_journal)[2:]) == ["unask a[0]", "unask a[1]"]


def test_what_took_something_back_is_another_request_than_what_did_it(
    start: Start, run_jobs: RunJobs, lab_journal: Path
) -> None:
    """A system that remembers keys would otherwise take the second for a repetition of the first."""
    from tests.lab import read_journal

    job = start("- id: a\n  do: lab.ask\n  undo: {do: lab.unask}")
    run_jobs(job)
    services.undo_job(job.pk, **ANA)
    run_jobs(job)
    assert [key for _, key, _ in read_journal(lab_journal)] == [f"job-{job.pk}.a", f"job-{job.pk}.a.undo"]


def test_after_an_undo_that_failed_a_retry_goes_on_backwards(
    start: Start, run_jobs: RunJobs, lab_journal: Path, tmp_path: Path
) -> None:
    repaired = tmp_path / "repaired"
    job = start(f"""
        - id: a
          do: lab.ask
          undo: {{do: lab.unask}}
        - id: b
          do: lab.ask
          undo: {{do: lab.unask, with: {{fail_until: {repaired}}}}}
          retry: {{attempts: 1, backoff: 10ms}}
        - id: c
          do: lab.ask
          undo: {{do: lab.unask}}
    """)
    run_jobs(job)
    services.undo_job(job.pk, **ANA)
    run_jobs(job)
    assert state_of(job) == "failed"
    assert job.error["task"] == "b"
    assert states(job) == {"a": "done", "b": "done", "c": "undone"}
    refused("task.wrong_state", lambda: services.skip_task(job.pk, "a", "no", **ANA))
    repaired.touch()
    services.retry_job(job.pk, **ANA)
    assert state_of(job) == "undoing"
    run_jobs(job)
    assert state_of(job) == "undone"
    # Taking back has three tries, whatever `retry` says; and what is undone is not undone again.
    assert asked(lab_journal)[3:] == ["unask c", *["unask b"] * 3, "unask b", "unask a"]


@pytest.mark.parametrize("say", ["nobody", "{{ tasks.a.output.said + 1 }}"], ids=["refused", "malformed"])
def test_an_undo_that_does_not_count_keeps_nothing_else_from_being_taken_back(
    start: Start, run_jobs: RunJobs, lab_journal: Path, say: str
) -> None:
    job = start(f"""
        - id: a
          do: lab.ask
          undo: {{do: lab.unask}}
        - id: mail
          do: lab.ask
          ignore_errors: true
          undo: {{do: lab.unask, with: {{fail: permanent, say: "{say}"}}}}
    """)
    run_jobs(job)
    services.undo_job(job.pk, **ANA)
    run_jobs(job)
    assert (state_of(job), states(job)) == ("undone", {"a": "undone", "mail": "undone"})
    assert job.tasks.get(key="mail").error is not None
    assert asked(lab_journal).count("unask a") == 1


def test_an_undo_has_its_own_tries_whatever_the_task_has_used(
    start: Start, run_jobs: RunJobs, lab_journal: Path
) -> None:
    job = start("""
        - id: a
          do: lab.ask
          retry: {attempts: 20, backoff: 10ms, max_backoff: 10ms}
          undo: {do: lab.unask, with: {fail: transient}}
    """)
    run_jobs(job)
    services.undo_job(job.pk, **ANA)
    run_jobs(job)
    assert Attempt.objects.filter(phase="do").count() == 1
    assert Attempt.objects.filter(phase="undo").count() == 20


def test_a_refused_undo_effect_fails_the_job_and_changes_nothing(start: Start, run_jobs: RunJobs) -> None:
    job = start("""
        - id: a
          do: lab.note
          with: {say: a}
          undo: {do: lab.note, with: {say: un-a, fail: refusal}}
    """)
    run_jobs(job)
    services.undo_job(job.pk, **ANA)
    run_jobs(job)
    assert state_of(job) == "failed"
    assert job.error["code"] == "lab.refused"
    assert notes(job.pk) == ["a"]


def test_a_skipped_failure_is_taken_back_too(start: Start, run_jobs: RunJobs, lab_journal: Path) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {fail: permanent}
          undo: {do: lab.unask}
    """)
    run_jobs(job)
    services.skip_task(job.pk, "a", "went on", **ANA)
    run_jobs(job)
    services.undo_job(job.pk, **ANA)
    run_jobs(job)
    assert asked(lab_journal) == ["ask a", "unask a"]


def test_what_cannot_be_done_in_a_state_is_refused(start: Start, run_jobs: RunJobs) -> None:
    job = start("- id: a\n  do: lab.ask")
    refused("job.wrong_state", lambda: services.undo_job(job.pk, **ANA))
    refused("job.wrong_state", lambda: services.retry_job(job.pk, **ANA))
    refused("job.not_found", lambda: services.retry_job(job.pk + 99, **ANA))
    run_jobs(job)
    refused("job.wrong_state", lambda: services.cancel_job(job.pk, **ANA))
    services.undo_job(job.pk, **ANA)
    run_jobs(job)
    refused("job.wrong_state", lambda: services.undo_job(job.pk, **ANA))


# --- starting


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "job.input.missing"),
        ({"n": 6}, "job.input.invalid"),
        ({"n": 0}, "job.input.invalid"),
        ({"n": "six"}, "job.input.invalid"),
        ({"n": 3, "m": 1}, "job.input.unknown"),
        ({"n": 3, "word": "UPPER"}, "job.input.invalid"),
        ({"n": 3, "word": "a\x00"}, "job.input.invalid"),
        ({"n": 3, "x": float("nan")}, "job.input.invalid"),
        ({"n": 3, "size": "M"}, "job.input.invalid"),
        ({"n": 3, "day": "2026-02-30"}, "job.input.invalid"),
        ({"n": 3, "yes": "true"}, "job.input.invalid"),
        ({"n": 3, "sim": 987654}, "job.input.invalid"),
        ({"n": 3, "sim": "SIM-1"}, "job.input.invalid"),
    ],
)
def test_inputs_are_checked_before_anything_begins(start: Start, values: dict[str, Any], code: str) -> None:
    head = """
        n: {type: integer, min: 1, max: 5}
        word: {type: string, pattern: "[a-z]+", required: false}
        x: {type: number, required: false}
        size: {type: string, choices: [S, L], required: false}
        day: {type: date, required: false}
        yes: {type: boolean, required: false}
        sim: {inventory: SIM Card, required: false}
    """
    start("- id: a\n  do: lab.ask", {"n": 1}, inputs=head)
    refused(code, lambda: services.start_job("test", values, services.Subject(), **ANA))


def test_an_item_of_another_kind_is_refused(start: Start) -> None:
    template = Template.objects.create(name="Modem", label_es="M", label_en="M", kind="physical")
    item = Item.objects.create(template=template, identifier="M-1", state="in_stock")
    inputs = "sim: {inventory: SIM Card, required: false}"
    start("- id: a\n  do: lab.ask", inputs=inputs)
    refused(
        "job.input.wrong_item",
        lambda: services.start_job("test", {"sim": item.pk}, services.Subject(), **ANA),
    )


def test_a_playbook_that_was_not_published_is_refused(transactional_db: None) -> None:
    refused("playbook.not_found", lambda: services.start_job("nothing", {}, services.Subject(), **ANA))


@pytest.mark.parametrize(
    "task",
    [
        "with: {say: '{{ customer.name }}'}",
        "verify: {do: lab.look, expect: {said: '{{ customer.name }}'}}",
        "when: customer.name",
        "undo: {do: lab.unask, with: {say: '{{ customer.name }}'}}",
    ],
)
def test_a_variable_that_does_not_exist_is_refused_before_anything_is_written(
    start: Start, task: str
) -> None:
    start("- id: a\n  do: lab.ask")
    from alta.playbooks.services import publish
    from tests.runner.conftest import playbook

    publish(playbook(f"- id: a\n  do: lab.ask\n- id: b\n  do: lab.ask\n  {task}"), "ana", NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        queued = cursor.fetchone()
    refused("playbook.variable.unknown", lambda: services.start_job("test", {}, services.Subject(), **ANA))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        assert cursor.fetchone() == queued


def test_an_input_that_may_be_absent_can_be_asked_for(start: Start, run_jobs: RunJobs) -> None:
    job = start(
        """
        - id: a
          do: lab.ask
          when: inputs.modem
          with: {say: "{{ inputs.modem.identifier }}"}
        """,
        inputs="modem: {inventory: Modem, required: false}",
    )
    run_jobs(job)
    assert states(job) == {"a": "skipped"}


def test_a_title_that_cannot_be_made_is_refused(start: Start) -> None:
    from alta.playbooks.services import publish

    text = (
        "playbook: test\ntitle: {es: x, en: x}\ninputs: {n: {type: integer}}\n"
        "tasks: [{id: a, title: {es: '{{ 1 / inputs.n }}', en: x}, do: lab.ask}]"
    )
    publish(text, "ana", NOW)
    refused("playbook.template", lambda: services.start_job("test", {"n": 0}, services.Subject(), **ANA))


def test_each_input_remembers_where_it_came_from(start: Start) -> None:
    product = Product.objects.create(
        slug="p",
        name_es="P",
        name_en="P",
        kind="plan",
        service_type="mobile",
        customer_kinds=["individual"],
        features={"b": 2, "c": 2},
    )
    job = start(
        "- id: a\n  do: lab.ask",
        {"c": 3},
        inputs="""
            a: {type: integer, default: 1}
            b: {type: integer, default: 1}
            c: {type: integer, default: 1}
            d: {type: integer, required: false}
        """,
        subject=services.Subject(product=product),
    )
    assert job.inputs == {
        "a": {"value": 1, "source": "playbook"},
        "b": {"value": 2, "source": "product"},
        "c": {"value": 3, "source": "order"},
        "d": {"value": None, "source": "absent"},
    }


# --- tasks of people

SURVEY = """
    - id: survey
      human:
        role: engineer
        due: 3d
        form: {floor: {type: integer, min: 0}, note: {type: string, required: false}}
        outcomes:
          - {id: feasible, title: {es: Sí, en: Yes}}
          - {id: impossible, title: {es: No, en: No}, reason: true}
    - id: a
      do: lab.ask
      with: {say: "{{ tasks.survey.output.values.floor }}{{ tasks.survey.output.outcome }}"}
"""


def test_a_person_fills_in_the_form_and_the_job_goes_on(start: Start, run_jobs: RunJobs) -> None:
    job = start(SURVEY)
    run_jobs(job, now=lambda: NOW)
    assert state_of(job) == "waiting"
    task = job.tasks.get(key="survey")
    assert (task.state, task.role, task.due_at) == ("waiting", "engineer", NOW + timedelta(days=3))
    services.complete_human_task(job.pk, "survey", "feasible", {"floor": 4}, actor="eva", now=NOW)
    run_jobs(job)
    assert state_of(job) == "done"
    assert job.tasks.get(key="a").output == {"said": "4feasible"}
    assert job.tasks.get(key="survey").output == {
        "outcome": "feasible",
        "reason": "",
        "by": "eva",
        "values": {"floor": 4, "note": None},
    }


def test_what_a_person_may_not_enter_is_refused(start: Start, run_jobs: RunJobs) -> None:
    job = start(SURVEY)

    def complete(outcome: str, values: dict[str, Any], key: str = "survey", reason: str = "") -> object:
        return services.complete_human_task(job.pk, key, outcome, values, reason=reason, **ANA)

    refused("task.wrong_state", lambda: complete("feasible", {"floor": 1}))  # not its turn yet
    run_jobs(job)
    refused("task.outcome_unknown", lambda: complete("perhaps", {"floor": 1}))
    refused("task.reason_missing", lambda: complete("impossible", {"floor": 1}))
    refused("job.input.missing", lambda: complete("feasible", {}))
    refused("job.input.invalid", lambda: complete("feasible", {"floor": -1}))
    refused("job.input.unknown", lambda: complete("feasible", {"floor": 1, "roof": 1}))
    refused("task.wrong_state", lambda: complete("feasible", {"floor": 1}, "a"))
    refused("task.not_found", lambda: complete("feasible", {}, "z"))
    complete("impossible", {"floor": 1}, reason="no duct")
    refused("task.wrong_state", lambda: complete("feasible", {"floor": 1}))


def test_a_task_of_a_person_beside_running_ones(start: Start, lab_journal: Path, wait_until: Wait) -> None:
    job = start("""
        - id: slow
          do: lab.ask
          with: {delay: 0.6}
        - id: person
          human: {role: agent}
          needs: []
        - id: after_person
          do: lab.ask
          needs: [person]
    """)
    run_while(job, lambda: services.complete_human_task(job.pk, "person", "done", {}, **ANA))
    assert state_of(job) == "done"
    assert sorted(asked(lab_journal)) == ["ask after_person", "ask slow"]


# --- waits


def test_a_timer_ends_by_itself(start: Start, run_jobs: RunJobs, lab_journal: Path) -> None:
    job = start("""
        - id: w
          wait: {timer: 2h}
        - id: a
          do: lab.ask
    """)
    run_jobs(job, now=lambda: NOW)
    assert state_of(job) == "waiting"
    assert job.worker_id is None
    run_jobs(job, now=lambda: NOW + timedelta(hours=1, minutes=59))
    assert state_of(job) == "waiting"
    run_jobs(job, now=lambda: NOW + timedelta(hours=2))
    assert state_of(job) == "done"
    assert asked(lab_journal) == ["ask a"]


def test_a_worker_finds_the_timers_that_are_due(start: Start, run_jobs: RunJobs) -> None:
    waiting = start("- id: w\n  wait: {timer: 500ms}\n- id: a\n  do: lab.ask")
    slow = start("- id: a\n  do: lab.ask\n  with: {delay: 3}", name="slow")
    run_jobs(waiting, slow, watch=True)
    assert state_of(waiting) == "done"


def test_a_wait_until_an_instant(start: Start, run_jobs: RunJobs) -> None:
    job = start(
        "- id: w\n  wait: {until: '{{ inputs.at }}'}",
        {"at": "2026-03-02T10:00:00+00:00"},
        inputs="at: {type: string}",
    )
    run_jobs(job, now=lambda: NOW)
    assert state_of(job) == "waiting"
    run_jobs(job, now=lambda: NOW + timedelta(hours=1))
    assert state_of(job) == "done"


@pytest.mark.parametrize("at", ["tomorrow", "2026-03-02T10:00:00"])
def test_an_instant_that_is_none_fails_the_task(start: Start, run_jobs: RunJobs, at: str) -> None:
    job = start("- id: w\n  wait: {until: '{{ inputs.at }}'}", {"at": at}, inputs="at: {type: string}")
    run_jobs(job)
    assert job.tasks.get().error["code"] == "playbook.template"
    assert state_of(job) == "failed"


def test_an_event_ends_the_wait_with_its_key_only(start: Start, run_jobs: RunJobs) -> None:
    tasks = "- id: w\n  wait: {event: paid, key: '{{ inputs.invoice }}'}"
    one = start(tasks, {"invoice": "F-1"}, inputs="invoice: {type: string}")
    two = start(tasks, {"invoice": "F-2"}, inputs="invoice: {type: string}")
    run_jobs(one, two)
    assert services.deliver_event("paid", "F-3", {}, **ANA) == 0
    assert services.deliver_event("paid", "F-1", {"amount": 5}, **ANA) == 1
    assert services.deliver_event("paid", "F-1", {"amount": 5}, **ANA) == 0
    run_jobs(one, two)
    assert (state_of(one), state_of(two)) == ("done", "waiting")
    assert one.tasks.get().output == {"amount": 5}


def test_long_keys_of_events_are_told_apart_to_the_end(start: Start, run_jobs: RunJobs) -> None:
    key = "k" * 150
    job = start(
        "- id: w\n  wait: {event: paid, key: '{{ inputs.k }}'}", {"k": key}, inputs="k: {type: string}"
    )
    run_jobs(job)
    assert services.deliver_event("paid", "k" * 149 + "x", {}, **ANA) == 0
    assert services.deliver_event("paid", key, {}, **ANA) == 1


def test_a_wait_for_other_jobs(start: Start, run_jobs: RunJobs) -> None:
    first = start("- id: a\n  do: lab.ask", name="other")
    second = start("- id: a\n  do: lab.ask", name="other")
    job = start(
        "- id: w\n  wait: {jobs: '{{ [inputs.one, inputs.two] }}'}\n- id: a\n  do: lab.ask",
        {"one": first.pk, "two": second.pk},
        inputs="one: {type: integer}\ntwo: {type: integer}",
    )
    run_jobs(job, first)
    assert state_of(job) == "waiting"
    slow = start("- id: a\n  do: lab.ask\n  with: {delay: 2.5}", name="slow")
    run_jobs(second, slow, watch=True)
    assert (state_of(job), states(job)) == ("queued", {"w": "done", "a": "pending"})
    run_jobs(job)
    assert state_of(job) == "done"


def test_waiting_too_long_is_a_failure(start: Start, run_jobs: RunJobs) -> None:
    job = start("- id: w\n  wait: {event: paid, timeout: 1d}")
    run_jobs(job, now=lambda: NOW)
    assert state_of(job) == "waiting"
    run_jobs(job, now=lambda: NOW + timedelta(days=1))
    assert state_of(job) == "failed"
    assert job.error["code"] == "task.waited_too_long"
    services.retry_job(job.pk, **ANA)
    run_jobs(job, now=lambda: NOW + timedelta(days=1))
    assert state_of(job) == "waiting"
