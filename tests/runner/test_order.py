"""In which order a job does its tasks, and what it does with failures."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.utils import timezone

from alta.runner import services
from alta.runner.models import Attempt, Event, Job
from alta.runner.services import retry_job
from tests.conftest import RunJobs
from tests.lab_effects import notes
from tests.runner.conftest import NOW, Start, asked, state_of, states, times_asked

pytestmark = pytest.mark.django_db(transaction=True)


def test_tasks_run_in_the_order_of_the_text(start: Start, run_jobs: RunJobs, lab_journal: Path) -> None:
    job = start("""
        - id: a
          do: lab.ask
        - id: b
          do: lab.ask
        - id: c
          do: lab.ask
    """)
    run_jobs(job)
    assert state_of(job) == "done"
    assert asked(lab_journal) == ["ask a", "ask b", "ask c"]


def test_needs_decide_the_order_where_they_are_given(
    start: Start, run_jobs: RunJobs, lab_journal: Path
) -> None:
    job = start("""
        - id: last
          do: lab.ask
          needs: [left, right]
        - id: left
          do: lab.ask
          with: {delay: 0.3}
          needs: [first]
        - id: right
          do: lab.ask
          with: {delay: 0.3}
          needs: [first]
        - id: first
          do: lab.ask
          needs: []
    """)
    run_jobs(job)
    assert state_of(job) == "done"
    order = asked(lab_journal)
    assert order[0] == "ask first"
    assert set(order[1:3]) == {"ask left", "ask right"}
    assert order[3] == "ask last"
    left, right = (job.tasks.get(key=key) for key in ("left", "right"))
    assert left.started_at < right.ended_at
    assert right.started_at < left.ended_at  # at the same time


def test_a_condition_that_is_false_skips_its_task_only(
    start: Start, run_jobs: RunJobs, lab_journal: Path
) -> None:
    job = start(
        """
        - id: a
          do: lab.ask
          when: inputs.wanted
        - id: b
          do: lab.ask
          when: "{{ not inputs.wanted }}"
        """,
        {"wanted": False},
        inputs="wanted: {type: boolean}",
    )
    run_jobs(job)
    assert states(job) == {"a": "skipped", "b": "done"}
    assert asked(lab_journal) == ["ask b"]
    assert state_of(job) == "done"


def test_later_tasks_read_what_earlier_ones_gave_back(start: Start, run_jobs: RunJobs) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {say: "0044"}
          register: code
        - id: b
          do: lab.ask
          with: {say: "{{ code.said }}-{{ tasks.a.output.said }}-{{ tasks.a.state }}"}
    """)
    run_jobs(job)
    assert job.tasks.get(key="b").output == {"said": "0044-0044-done"}


def test_an_ignored_failure_does_not_stop_the_job(start: Start, run_jobs: RunJobs) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {fail: permanent}
          ignore_errors: true
        - id: b
          do: lab.ask
    """)
    run_jobs(job)
    assert states(job) == {"a": "ignored", "b": "done"}
    assert state_of(job) == "done"
    assert job.tasks.get(key="a").error["code"] == "connector.rejected"
    assert job.error is None


def test_a_failure_stops_what_has_not_begun_and_lets_end_what_has(
    start: Start, run_jobs: RunJobs, lab_journal: Path
) -> None:
    job = start("""
        - id: slow
          do: lab.ask
          with: {delay: 0.4}
        - id: wrong
          do: lab.ask
          with: {fail: permanent}
          needs: []
        - id: after_slow
          do: lab.ask
          needs: [slow]
    """)
    run_jobs(job)
    assert states(job) == {"slow": "done", "wrong": "failed", "after_slow": "pending"}
    assert state_of(job) == "failed"
    assert job.error["task"] == "wrong"
    assert job.error["code"] == "connector.rejected"
    assert job.error["params"] == {"system": "Lab", "reason": "the lab says no"}


def test_an_error_that_may_pass_is_tried_again_as_often_as_the_playbook_says(
    start: Start, run_jobs: RunJobs, lab_journal: Path
) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {fail: transient}
          retry: {attempts: 3, backoff: 20ms}
    """)
    run_jobs(job)
    assert times_asked(lab_journal)["ask a"] == 3
    assert state_of(job) == "failed"
    tries = list(Attempt.objects.filter(task__job=job).values_list("number", "phase", "outcome"))
    assert tries == [(1, "do", "failed"), (2, "do", "failed"), (3, "do", "failed")]


def test_a_clear_no_is_not_tried_again(start: Start, run_jobs: RunJobs, lab_journal: Path) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {fail: permanent}
          retry: {attempts: 5, backoff: 20ms}
    """)
    run_jobs(job)
    assert asked(lab_journal) == ["ask a"]


def test_pauses_between_tries_double_up_to_the_limit(start: Start, run_jobs: RunJobs) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {fail: transient}
          retry: {attempts: 4, backoff: 100ms, max_backoff: 200ms}
    """)
    run_jobs(job)
    tries = list(Attempt.objects.filter(task__job=job).order_by("number"))
    pauses = [(later.started_at - earlier.ended_at).total_seconds() for earlier, later in pairwise(tries)]
    for pause, least, most in zip(pauses, (0.05, 0.1, 0.1), (0.1, 0.2, 0.2), strict=True):
        assert least <= pause <= most + 0.15


def test_a_task_that_takes_too_long_is_stopped(start: Start, run_jobs: RunJobs) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {delay: 30}
          timeout: 100ms
    """)
    run_jobs(job, seconds=5)
    assert job.tasks.get(key="a").error["code"] == "task.timed_out"
    assert job.tasks.get(key="a").error["params"] == {"seconds": "0.1"}
    assert state_of(job) == "failed"


def test_a_job_that_takes_too_long_is_stopped_with_its_calls(start: Start, run_jobs: RunJobs) -> None:
    job = start(
        """
        - id: a
          do: lab.ask
        - id: b
          do: lab.ask
          with: {delay: 30}
        - id: c
          do: lab.ask
        """,
        head="timeout: 300ms\n",
    )
    run_jobs(job, seconds=5)
    assert states(job) == {"a": "done", "b": "failed", "c": "pending"}
    assert state_of(job) == "failed"
    assert job.error["code"] == "job.timed_out"
    assert list(Attempt.objects.filter(task__key="b").values_list("outcome")) == [("stopped",)]


def test_the_time_limit_of_a_job_counts_from_its_start_on_the_engines_clock(
    start: Start, run_jobs: RunJobs
) -> None:
    job = start(
        """
        - id: a
          do: lab.ask
          with: {delay: 0.2}
        - id: b
          do: lab.ask
        """,
        head="timeout: 1h\n",
    )
    instants = iter([NOW] * 4)
    run_jobs(job, now=lambda: next(instants, NOW + timedelta(hours=2)))
    assert state_of(job) == "failed"
    assert job.error["code"] == "job.timed_out"


def test_a_bug_in_a_connector_fails_the_task_and_says_so(start: Start, run_jobs: RunJobs) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {fail: bug}
          retry: {attempts: 3, backoff: 10ms}
    """)
    run_jobs(job)
    error = job.tasks.get(key="a").error
    assert error["code"] == "task.bug"
    assert error["detail"] == "ZeroDivisionError('a mistake')"


def test_a_template_that_cannot_be_computed_fails_its_task(start: Start, run_jobs: RunJobs) -> None:
    job = start("""
        - id: a
          do: lab.ask
        - id: b
          do: lab.ask
          with: {say: "{{ tasks.a.output.nothing }}"}
    """)
    run_jobs(job)
    error = job.tasks.get(key="b").error
    assert error["code"] == "playbook.template"
    assert "'nothing'" in error["params"]["reason"]
    assert state_of(job) == "failed"


# --- verify


def test_a_verification_that_agrees_ends_the_task(start: Start, run_jobs: RunJobs, lab_journal: Path) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {say: hello}
          verify: {do: lab.look, with: {say: "{{ result.said }}"}, expect: {said: hello}}
    """)
    run_jobs(job)
    assert state_of(job) == "done"
    assert asked(lab_journal) == ["ask a", "look a"]
    assert list(Attempt.objects.order_by("id").values_list("phase", "number", "outcome")) == [
        ("do", 1, "done"),
        ("verify", 1, "done"),
    ]


def test_a_verification_that_disagrees_fails_the_task(
    start: Start, run_jobs: RunJobs, lab_journal: Path
) -> None:
    job = start("""
        - id: a
          do: lab.ask
          verify: {do: lab.look, with: {say: other}, expect: {said: hello}}
          retry: {attempts: 2, backoff: 10ms}
    """)
    run_jobs(job)
    error = job.tasks.get(key="a").error
    assert error["code"] == "task.verify_failed"
    assert error["params"] == {"field": "said", "found": "other", "wanted": "hello"}
    assert asked(lab_journal) == ["ask a", "look a", "ask a", "look a"]


# --- rescue

RESCUE = """
    - id: a
      do: lab.ask
      with: {fail: permanent}
      rescue:
        - id: first_aid
          do: lab.ask
        - id: bandage
          do: lab.ask
          with: {fail: "%s"}
    - id: b
      do: lab.ask
"""


def test_a_rescue_runs_after_the_failure_and_the_job_goes_on(
    start: Start, run_jobs: RunJobs, lab_journal: Path
) -> None:
    job = start(RESCUE % "")
    run_jobs(job)
    assert states(job) == {"a": "ignored", "first_aid": "done", "bandage": "done", "b": "done"}
    assert asked(lab_journal) == ["ask a", "ask first_aid", "ask bandage", "ask b"]
    assert state_of(job) == "done"


def test_a_rescue_is_skipped_where_nothing_failed(start: Start, run_jobs: RunJobs, lab_journal: Path) -> None:
    job = start("""
        - id: a
          do: lab.ask
          rescue:
            - id: first_aid
              do: lab.ask
    """)
    run_jobs(job)
    assert states(job) == {"a": "done", "first_aid": "skipped"}
    assert asked(lab_journal) == ["ask a"]


def test_a_job_whose_rescue_fails_has_failed(start: Start, run_jobs: RunJobs) -> None:
    job = start(RESCUE % "permanent")
    run_jobs(job)
    assert states(job) == {"a": "failed", "first_aid": "done", "bandage": "failed", "b": "pending"}
    assert state_of(job) == "failed"


def test_after_a_failed_rescue_a_retry_repeats_neither_what_is_done(
    start: Start, run_jobs: RunJobs, lab_journal: Path, tmp_path: Path
) -> None:
    repaired = tmp_path / "repaired"
    job = start(f"""
        - id: a
          do: lab.ask
          with: {{fail_until: {repaired}}}
          rescue:
            - id: first_aid
              do: lab.ask
            - id: bandage
              do: lab.ask
              with: {{fail: permanent}}
    """)
    run_jobs(job)
    assert state_of(job) == "failed"
    repaired.touch()
    retry_job(job.pk, actor="ana", now=NOW)
    run_jobs(job)
    assert states(job) == {"a": "done", "first_aid": "done", "bandage": "skipped"}
    assert state_of(job) == "done"
    assert times_asked(lab_journal) == {"ask a": 2, "ask first_aid": 1, "ask bandage": 1}


# --- for_each


def test_a_task_is_repeated_for_each_element(start: Start, run_jobs: RunJobs, lab_journal: Path) -> None:
    job = start("""
        - id: a
          do: lab.ask
          for_each: "{{ ['x', 'y', 'z'] }}"
          with: {say: "{{ item }}"}
        - id: b
          do: lab.ask
          with: {say: "{{ tasks.a.output | map(attribute='said') | join(',') }}"}
    """)
    run_jobs(job)
    assert state_of(job) == "done"
    assert sorted(asked(lab_journal)) == ["ask a[0]", "ask a[1]", "ask a[2]", "ask b"]
    assert job.tasks.get(key="b").output == {"said": "x,y,z"}


def test_nothing_to_repeat_is_done_at_once(start: Start, run_jobs: RunJobs, lab_journal: Path) -> None:
    job = start("""
        - id: a
          do: lab.ask
          for_each: "[]"
    """)
    run_jobs(job)
    assert states(job) == {"a": "done"}
    assert job.tasks.get().output == []
    assert asked(lab_journal) == []


def test_an_effect_can_be_repeated(start: Start, run_jobs: RunJobs) -> None:
    job = start("""
        - id: a
          do: lab.note
          for_each: "['x', 'y', 'z']"
          with: {say: "{{ item }}"}
    """)
    run_jobs(job)
    assert state_of(job) == "done"
    assert sorted(notes(job.pk)) == ["x", "y", "z"]


def test_many_repetitions_take_no_unreasonable_time(start: Start, run_jobs: RunJobs) -> None:
    job = start(
        """
        - id: a
          do: lab.nothing
          for_each: inputs.numbers
        """,
        {"numbers": "x" * 400},
        inputs="numbers: {type: string}",
    )
    job.inputs["numbers"]["value"] = list(range(400))
    job.save()
    run_jobs(job, seconds=15)
    assert state_of(job) == "done"
    assert job.tasks.filter(state="done").count() == 401


def test_a_repetition_that_failed_is_repeated_alone(
    start: Start, run_jobs: RunJobs, lab_journal: Path, tmp_path: Path
) -> None:
    repaired = tmp_path / "repaired"
    job = start(f"""
        - id: a
          do: lab.ask
          for_each: "['', '{repaired}', '']"
          with: {{fail_until: "{{{{ item }}}}"}}
    """)
    run_jobs(job)
    assert state_of(job) == "failed"
    assert states(job) == {"a": "failed", "a[0]": "done", "a[1]": "failed", "a[2]": "done"}
    repaired.touch()
    retry_job(job.pk, actor="ana", now=NOW)
    run_jobs(job)
    assert state_of(job) == "done"
    assert times_asked(lab_journal) == {"ask a[0]": 1, "ask a[1]": 2, "ask a[2]": 1}


@pytest.mark.parametrize("key", ["a", "a[1]"])
def test_a_repetition_that_failed_can_be_skipped(
    start: Start, run_jobs: RunJobs, lab_journal: Path, key: str
) -> None:
    job = start("""
        - id: a
          do: lab.ask
          for_each: "['', 'permanent', '']"
          with: {fail: "{{ item }}"}
        - id: b
          do: lab.ask
    """)
    run_jobs(job)
    services.skip_task(job.pk, key, "not needed", actor="ana", now=NOW)
    run_jobs(job)
    assert state_of(job) == "done"
    assert states(job)["a[1]"] == "skipped"
    assert states(job)["b"] == "done"


# --- effects


def test_an_effect_happens_once_with_its_task(start: Start, run_jobs: RunJobs) -> None:
    job = start("""
        - id: a
          do: lab.note
          with: {say: once}
          register: noted
        - id: b
          do: lab.note
          with: {say: "{{ noted.noted }} more"}
    """)
    run_jobs(job)
    assert notes(job.pk) == ["once", "once more"]
    assert job.tasks.get(key="a").output == {"noted": "once"}


@pytest.mark.parametrize(
    ("fail", "code"), [("refusal", "lab.refused"), ("bug", "task.bug")], ids=["refusal", "bug"]
)
def test_an_effect_that_fails_leaves_nothing_behind(
    start: Start, run_jobs: RunJobs, fail: str, code: str
) -> None:
    job = start(f"""
        - id: a
          do: lab.note
          with: {{say: never, fail: {fail}}}
    """)
    run_jobs(job)
    assert notes(job.pk) == []
    assert job.tasks.get(key="a").error["code"] == code
    assert state_of(job) == "failed"


def test_the_effect_of_a_call_happens_with_the_calls_result(start: Start, run_jobs: RunJobs) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {say: hello}
          effect: {do: lab.note, with: {say: "heard {{ result.said }}"}}
    """)
    run_jobs(job)
    assert notes(job.pk) == ["heard hello"]
    assert job.tasks.get(key="a").output == {"said": "hello"}


def test_a_call_whose_effect_is_refused_has_failed_and_nothing_changed(
    start: Start, run_jobs: RunJobs
) -> None:
    job = start("""
        - id: a
          do: lab.ask
          effect: {do: lab.note, with: {say: never, fail: refusal}}
        - id: b
          do: lab.ask
    """)
    run_jobs(job)
    assert notes(job.pk) == []
    assert states(job) == {"a": "failed", "b": "pending"}
    assert state_of(job) == "failed"
    assert job.error["params"] == {"what": "never"}


def test_effects_in_parallel_branches_each_happen_once(start: Start, run_jobs: RunJobs) -> None:
    job = start("""
        - id: a
          do: lab.ask
          with: {delay: 0.1}
          effect: {do: lab.note, with: {say: a}}
        - id: b
          do: lab.ask
          with: {delay: 0.1}
          effect: {do: lab.note, with: {say: b}}
          needs: []
        - id: c
          do: lab.note
          with: {say: c}
          needs: []
        - id: d
          do: lab.note
          with: {say: d}
          needs: [a, b, c]
    """)
    run_jobs(job)
    assert state_of(job) == "done"
    written = notes(job.pk)
    assert sorted(written) == ["a", "b", "c", "d"]
    assert written[0] == "c"
    assert written[-1] == "d"


# --- events, versions


def test_every_change_has_the_next_number(start: Start, run_jobs: RunJobs) -> None:
    job = start("""
        - id: a
          do: lab.ask
        - id: b
          do: lab.note
    """)
    run_jobs(job)
    job.refresh_from_db()
    numbers = list(Event.objects.filter(job=job).order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, job.seq + 1))
    assert Event.objects.get(job=job, seq=job.seq).changes["job"] == "done"


def test_a_running_job_keeps_the_version_that_it_began_with(
    start: Start, run_jobs: RunJobs, lab_journal: Path
) -> None:
    old = start("- id: old\n  do: lab.ask")
    new = start("- id: new\n  do: lab.ask")
    run_jobs(old, new)
    assert states(old) == {"old": "done"}
    assert states(new) == {"new": "done"}
    assert (old.playbook.version, new.playbook.version) == (1, 2)


def test_a_job_whose_action_is_gone_fails_and_can_be_retried(
    start: Start, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alta.connectors import registry

    job = start("- id: a\n  do: lab.ask\n- id: b\n  do: lab.ask")
    find = registry.find_action
    monkeypatch.setattr(registry, "find_action", lambda name: None)
    run_jobs(job)
    assert state_of(job) == "failed"
    assert job.error["code"] == "task.bug"
    monkeypatch.setattr(registry, "find_action", find)
    retry_job(job.pk, actor="ana", now=NOW)
    run_jobs(job)
    assert state_of(job) == "done"


def test_what_a_system_answers_is_cut_to_size_in_the_log(start: Start, run_jobs: RunJobs) -> None:
    text = "ñ" * 30_000
    job = start(
        "- id: a\n  do: lab.ask\n  with: {say: '{{ inputs.text }}'}",
        {"text": "x"},
        inputs="text: {type: string}",
    )
    Job.objects.filter(pk=job.pk).update(inputs={"text": {"value": text, "source": "order"}})
    run_jobs(job)
    attempt = Attempt.objects.get()
    for logged in (attempt.request, attempt.answer, attempt.wire):
        assert logged["characters"] > 30_000
        assert len(logged["cut"]) == 8192
    assert job.tasks.get().output == {"said": text}


def test_an_answer_that_the_database_cannot_hold_does_no_harm(
    start: Start, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.lab import Lab, Told

    async def rude(self: Lab, params: object, call: object) -> Told:
        await asyncio.sleep(0)
        return Told(said="a\x00b")

    job = start("- id: a\n  do: lab.ask")
    monkeypatch.setattr(Lab, "_do", rude)
    run_jobs(job, seconds=5)
    assert state_of(job) == "done"
    assert job.tasks.get().output == {"said": "a\ufffdb"}


def test_jobs_begin_when_the_engine_says(start: Start, run_jobs: RunJobs) -> None:
    job = start("- id: a\n  do: lab.ask")
    before = timezone.now()
    run_jobs(job)
    job.refresh_from_db()
    assert before <= job.started_at <= job.ended_at <= timezone.now()
