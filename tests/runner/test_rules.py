from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alta.playbooks.language import Playbook, Retry
from alta.playbooks.plan import Plan, make_plan
from alta.runner.rules import (
    ACTIVE_JOBS,
    BACKWARD,
    JOB_TRANSITIONS,
    SETTLED,
    TASK_TRANSITIONS,
    JobState,
    TaskState,
    Trace,
    backoff,
    job_may_become,
    lost,
    next_forward,
    progress,
    rescued,
    task_may_become,
    undo_order,
)

T, J = TaskState, JobState
TITLE = {"es": "x", "en": "x"}


def plan_of(needs: dict[str, list[str]], rescues: dict[str, list[str]] | None = None) -> Plan:
    tasks = [
        {
            "id": key,
            "title": TITLE,
            "do": "lab.ask",
            "needs": before,
            "rescue": [
                {"id": name, "title": TITLE, "do": "lab.ask"} for name in (rescues or {}).get(key, [])
            ],
        }
        for key, before in needs.items()
    ]
    return make_plan(Playbook.model_validate({"playbook": "test", "title": TITLE, "tasks": tasks}))


# --- the tables


@pytest.mark.parametrize(("before", "after"), list(product(TaskState, TaskState)))
def test_tasks_move_as_the_table_says(before: TaskState, after: TaskState) -> None:
    assert task_may_become(before, after) == (after in TASK_TRANSITIONS[before])


@pytest.mark.parametrize(("before", "after"), list(product(JobState, JobState)))
def test_jobs_move_as_the_table_says(before: JobState, after: JobState) -> None:
    assert job_may_become(before, after) == (after in JOB_TRANSITIONS[before])


def test_every_state_is_in_the_tables_and_can_be_reached() -> None:
    assert set(TASK_TRANSITIONS) == set(TaskState)
    assert set(JOB_TRANSITIONS) == set(JobState)
    assert set().union(*TASK_TRANSITIONS.values()) == set(TaskState) - {T.PENDING}
    assert set().union(*JOB_TRANSITIONS.values()) == set(JobState)
    assert not any(state in after for state, after in [*TASK_TRANSITIONS.items(), *JOB_TRANSITIONS.items()])


def test_states_that_are_over_lead_nowhere_but_back() -> None:
    over = {state for state in JobState if state not in ACTIVE_JOBS}
    assert over == {J.DONE, J.FAILED, J.CANCELLED, J.UNDONE}
    assert JOB_TRANSITIONS[J.CANCELLED] == JOB_TRANSITIONS[J.UNDONE] == frozenset()
    assert JOB_TRANSITIONS[J.DONE] == {J.UNDOING}
    assert BACKWARD < ACTIVE_JOBS
    assert all(TASK_TRANSITIONS[state] <= {T.UNDONE} for state in SETTLED)


# --- going forward


@st.composite
def dags(draw: st.DrawFn) -> dict[str, list[str]]:
    """Needs without circles, in an order of the text that need not be theirs."""
    names = [f"t{number}" for number in range(draw(st.integers(1, 8)))]
    needs = {
        name: sorted(draw(st.sets(st.sampled_from(names[:index])))) if index else []
        for index, name in enumerate(names)
    }
    return {name: needs[name] for name in draw(st.permutations(names))}


@given(dags(), st.data())
def test_any_job_without_failures_ends_and_begins_nothing_before_its_needs(
    needs: dict[str, list[str]], data: st.DataObject
) -> None:
    plan = plan_of(needs)
    states: dict[str, str] = dict.fromkeys(plan.steps, T.PENDING)
    in_hand: set[str] = set()
    for _ in range(1000):
        coming = next_forward(plan, states, in_hand)
        if coming.state is not None:
            break
        for key in coming.begin:
            assert all(states[need] == T.DONE for need in needs[key])
            states[key] = T.RUNNING
            in_hand.add(key)
        ended = data.draw(st.sampled_from(sorted(in_hand)))
        in_hand.discard(ended)
        states[ended] = T.DONE
    assert coming.state == J.DONE
    assert set(states.values()) == {T.DONE}


@given(dags(), st.data())
def test_after_a_failure_nothing_more_begins_and_the_job_fails_when_the_rest_has_ended(
    needs: dict[str, list[str]], data: st.DataObject
) -> None:
    plan = plan_of(needs)
    states: dict[str, str] = dict.fromkeys(plan.steps, T.PENDING)
    first = next_forward(plan, states, set()).begin
    assert set(first) == {key for key, before in needs.items() if not before}
    failing = data.draw(st.sampled_from(sorted(first)))
    others = set(first) - {failing}
    states.update(dict.fromkeys(others, T.RUNNING))
    states[failing] = T.FAILED
    while others:
        coming = next_forward(plan, states, others)
        assert (coming.begin, coming.state) == ((), None)
        states[others.pop()] = T.DONE
    coming = next_forward(plan, states, set())
    assert (coming.begin, coming.state) == ((), J.FAILED)


def test_a_rescue_begins_after_the_failure_in_its_order() -> None:
    plan = plan_of({"a": [], "b": ["a"]}, {"a": ["r1", "r2"]})
    states: dict[str, str] = {"a": T.PENDING, "r1": T.PENDING, "r2": T.PENDING, "b": T.PENDING}
    assert next_forward(plan, states, set()).begin == ("a",)
    states["a"] = T.FAILED
    assert lost(plan, states) == []
    assert next_forward(plan, states, set()).begin == ("r1",)
    states["r1"] = T.DONE
    assert next_forward(plan, states, set()).begin == ("r2",)
    assert rescued(plan, states) == []
    states["r2"] = T.SKIPPED
    assert rescued(plan, states) == ["a"]
    states["a"] = T.IGNORED
    assert next_forward(plan, states, set()).begin == ("b",)


def test_a_rescue_that_fails_loses_the_job() -> None:
    plan = plan_of({"a": [], "b": ["a"]}, {"a": ["r1", "r2"]})
    states: dict[str, str] = {"a": T.FAILED, "r1": T.FAILED, "r2": T.PENDING, "b": T.PENDING}
    assert set(lost(plan, states)) == {"a", "r1"}
    assert next_forward(plan, states, set()).state == J.FAILED


@pytest.mark.parametrize("waiting", [T.PENDING, T.READY])
def test_a_rescue_that_is_not_needed_is_skipped(waiting: TaskState) -> None:
    plan = plan_of({"a": []}, {"a": ["r1"]})
    assert next_forward(plan, {"a": T.DONE, "r1": waiting}, set()).skip == ("r1",)


def test_a_job_with_nothing_to_do_but_a_wait_waits() -> None:
    plan = plan_of({"a": [], "b": ["a"]})
    assert next_forward(plan, {"a": T.WAITING, "b": T.PENDING}, set()).state == J.WAITING


# --- going backward

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@given(st.lists(st.integers(0, 50), unique=True, max_size=10))
def test_what_ended_last_is_taken_back_first(minutes: list[int]) -> None:
    traces = [
        Trace(str(minute), T.DONE, True, NOW + timedelta(minutes=minute), (1, place))
        for place, minute in enumerate(minutes)
    ]
    assert undo_order(traces) == [str(minute) for minute in sorted(minutes, reverse=True)]


def test_what_ended_in_the_same_instant_is_taken_back_against_the_needs() -> None:
    plan = plan_of({"last": ["first"], "first": []})
    traces = [Trace(step.key, T.DONE, True, NOW, (step.depth, step.position)) for step in plan.steps.values()]
    assert undo_order(traces) == ["last", "first"]


@pytest.mark.parametrize("state", TaskState)
@pytest.mark.parametrize("tried", [True, False])
def test_only_what_may_have_done_something_is_taken_back(state: TaskState, tried: bool) -> None:
    may_have = state == T.DONE or (tried and state in {T.READY, T.RUNNING, T.FAILED, T.IGNORED, T.SKIPPED})
    assert undo_order([Trace("a", state, tried, None, (1, 1))]) == (["a"] if may_have else [])
    if may_have:
        assert task_may_become(state, T.UNDONE)


def test_what_has_not_ended_is_taken_back_first() -> None:
    traces = [
        Trace("ended", T.DONE, True, NOW, (1, 1)),
        Trace("under_way", T.RUNNING, True, None, (1, 0)),
    ]
    assert undo_order(traces) == ["under_way", "ended"]


# --- pauses


@given(
    st.integers(1, 20),
    st.timedeltas(timedelta(milliseconds=1), timedelta(hours=1)),
    st.timedeltas(timedelta(milliseconds=1), timedelta(days=1)),
    st.integers(),
)
def test_a_pause_is_half_to_all_of_the_doubled_one_and_never_above_the_limit(
    attempt: int, first: timedelta, most: timedelta, seed: int
) -> None:
    full = min(first * 2 ** (attempt - 1), most)
    pause = backoff(Retry(backoff=first, max_backoff=most), attempt, random.Random(seed))
    assert full / 2 - timedelta(microseconds=1) <= pause <= full


def test_progress_counts_what_is_settled() -> None:
    states = {"a": T.DONE, "b": T.IGNORED, "c": T.SKIPPED, "d": T.FAILED, "e": T.RUNNING, "f": T.UNDONE}
    assert progress(list(states), states) == (3, 6)
