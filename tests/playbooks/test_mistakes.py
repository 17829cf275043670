"""Every mistake in a playbook is found with its place and a sentence."""

from __future__ import annotations

import pytest

from alta.playbooks.check import check
from alta.playbooks.reader import MAX_SIZE, read_playbook
from alta.playbooks.services import LIBRARY

HEAD = """\
playbook: test
title: {es: x, en: x}
inputs:
  n: {type: integer}
tasks:
"""  # the first task stands in line 6
TITLE = "title: {es: x, en: x}"
A = f"  - id: a\n    {TITLE}\n    do: lab.ask\n"  # lines 6 to 8


def found(text: str) -> list[tuple[int, int, str]]:
    return [(one.line, one.column, one.sentence) for one in check(text)]


def test_a_playbook_without_mistakes_has_no_findings() -> None:
    assert found(HEAD + A) == []


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_playbooks_of_the_library_have_no_mistakes(path: object) -> None:
    from pathlib import Path

    assert isinstance(path, Path)
    assert found(path.read_text()) == []


DURATION = "write a duration as a number and a unit: 500ms, 30s, 5m, 2h, 3d, 1w"


@pytest.mark.parametrize(
    ("text", "line", "column", "sentence"),
    [
        # shape
        (HEAD + A + "    colour: red\n", 9, 5, "there is no `colour` here"),
        (HEAD + f"  - id: a\n    {TITLE}\n", 6, 5, "a task has exactly one of `do`, `human`, `wait`"),
        (HEAD + "  - id: a\n    do: lab.ask\n", 6, 5, "`title` is missing"),
        (HEAD + "  - id: a\n    title: {es: x}\n    do: lab.ask\n", 7, 5, "`en` is missing"),
        (HEAD + A + "    timeout: fast\n", 9, 5, DURATION),
        (HEAD + A + "    timeout: 30\n", 9, 5, DURATION),
        (HEAD + A + "    timeout: 1h 30m\n", 9, 5, DURATION),
        (HEAD + A + "    timeout: 99999999w\n", 9, 5, "a duration is ten years at most"),
        (
            HEAD + A + "    retry: {attempts: 99}\n",
            9,
            13,
            "`attempts`: input should be less than or equal to 20",
        ),
        (
            HEAD + A.replace("id: a", "id: A"),
            6,
            5,
            "`id`: string should match pattern '^[a-z][a-z0-9_]{0,39}$'",
        ),
        (
            HEAD + A + "    wait: {timer: 1h}\n",
            6,
            5,
            "a task has exactly one of `do`, `human`, `wait`",
        ),
        (
            HEAD + f"  - id: a\n    {TITLE}\n    wait: {{timer: 1h, event: paid}}\n",
            8,
            5,
            "a wait has exactly one of `timer`, `until`, `event`, `jobs`",
        ),
        (
            HEAD + f"  - id: a\n    {TITLE}\n    wait: {{timer: 1h}}\n    for_each: '[]'\n",
            6,
            5,
            "`with`, `effect`, `verify` and `for_each` belong to a task that has `do`",
        ),
        (HEAD.replace("{type: integer}", "{}") + A, 4, 3, "an input has either `inventory` or `type`"),
        (
            HEAD.replace("integer", "string, pattern: '('") + A,
            4,
            3,
            "`pattern` is no regular expression: missing ), unterminated subpattern at position 0",
        ),
        # actions
        (HEAD + A.replace("lab.ask", "lab.sing"), 8, 5, "there is no action called `lab.sing`"),
        (HEAD + A + "    with:\n      say: x\n      tune: y\n", 11, 7, "`lab.ask` takes no `tune`"),
        (HEAD + A.replace("lab.ask", "customer.check"), 8, 5, "`customer.check` needs `customer_id`"),
        (
            HEAD + A + "    effect: {do: lab.ask}\n",
            9,
            14,
            "`lab.ask` calls an outside system; an effect changes Alta's own data",
        ),
        (
            HEAD + A + "    verify: {do: lab.unask}\n",
            9,
            14,
            "`lab.unask` changes something, so it can't verify",
        ),
        (
            HEAD + A + "    verify: {do: customer.check, with: {customer_id: 1}}\n",
            9,
            14,
            "`customer.check` asks no outside system, so it can't verify",
        ),
        (
            HEAD + A.replace("lab.ask", "lab.note") + "    effect: {do: lab.note}\n",
            9,
            5,
            "`lab.note` changes Alta's own data, so `effect` has no place here",
        ),
        (
            HEAD + A + "    undo: {do: lab.note, effect: {do: lab.note}}\n",
            9,
            26,
            "`lab.note` changes Alta's own data, so `effect` has no place here",
        ),
        (HEAD + A + "    limit: nothing\n", 9, 5, "there is no connector called `nothing`"),
        # variables
        (
            HEAD + A + "    with: {say: '{{ costumer.name }}'}\n",
            9,
            12,
            "there is no variable called `costumer`",
        ),
        (HEAD + A + "    with: {say: '{{ inputs.m }}'}\n", 9, 12, "there is no input called `m`"),
        (HEAD + A + "    with: {say: '{{ tasks.z.state }}'}\n", 9, 12, "the task `z` does not exist"),
        (
            HEAD + A + "    with: {say: '{{ tasks.a.state }}'}\n",
            9,
            12,
            "the task `a` does not come before this one",
        ),
        (
            HEAD + A + "    when: tasks.b.state == 'done'\n" + A.replace("id: a", "id: b"),
            9,
            5,
            "the task `b` does not come before this one",
        ),
        (
            HEAD + A + A.replace("id: a", "id: b") + "    when: tasks.a.result\n",
            12,
            5,
            "a task has state and output, not `result`",
        ),
        (HEAD + A + "    with: {say: '{{ item }}'}\n", 9, 12, "there is no variable called `item`"),
        (HEAD + A + "    with: {say: '{{ result.x }}'}\n", 9, 12, "there is no variable called `result`"),
        (
            HEAD + A + "    verify: {do: lab.look, expect: {said: '{{ nothing }}'}}\n",
            9,
            37,
            "there is no variable called `nothing`",
        ),
        (HEAD + A + "    register: service\n", 9, 5, "the name `service` is taken"),
        (
            HEAD
            + A
            + A.replace("id: a", "id: b").replace("{es: x, en: x}", "{es: '{{ tasks.a.state }}', en: x}"),
            10,
            13,
            "a title is made before any task has run, so it can't read `tasks`",
        ),
        (
            HEAD.replace("{es: x, en: x}", "{es: '{{ job.id }}', en: x}") + A,
            2,
            9,
            "only titles of tasks can hold templates",
        ),
        # order
        (HEAD + A + A, 9, 5, "there are two tasks called `a`"),
        (HEAD + A + "    needs: [z]\n", 9, 13, "there is no task called `z`"),
        (HEAD + A + "    needs: [a]\n", 9, 5, "`a` would have to wait for itself"),
        (
            HEAD
            + A
            + f"    rescue:\n      - id: r\n        {TITLE}\n        do: lab.ask\n        needs: [a]\n",
            10,
            9,
            "rescue tasks run in their order and have no `needs`",
        ),
        (
            HEAD + A + f"    rescue:\n      - id: r\n        {TITLE}\n        do: lab.ask\n        rescue:\n"
            f"          - {{id: s, {TITLE}, do: lab.ask}}\n",
            13,
            9,
            "a rescue task has no rescue of its own",
        ),
        # templates
        (
            HEAD + A + "    with: {say: '{{ 1 + }}'}\n",
            9,
            12,
            "this template can't be read: unexpected 'end of print statement'",
        ),
        (
            HEAD + A + "    with: {say: '{{ 1 | sing }}'}\n",
            9,
            12,
            "this template can't be read: No filter named 'sing'.",
        ),
        (
            HEAD + A + "    with: {say: '{% for x in [1] %}{% endfor %}'}\n",
            9,
            12,
            "this template can't be read: loops are not available in templates",
        ),
        (
            HEAD + A + "    when: '1 +'\n",
            9,
            5,
            "this template can't be read: unexpected 'end of print statement'",
        ),
        (
            HEAD + A + "    when: '{{ job.id }} and {{ job.id }}'\n",
            9,
            5,
            "this template can't be read: expected token ':', got '}'",
        ),
        # text
        (
            HEAD + A + "    do: lab.ask\n",
            9,
            5,
            'found duplicate key "do" with value "lab.ask" (original value: "lab.ask")',
        ),
        (HEAD + A + "    with: &w {}\n", 9, 11, "anchors and aliases are not available in playbooks"),
        (HEAD + A + "    with: !x {}\n", 9, 11, "tags (`!…`) are not available in playbooks"),
        ("%YAML 1.1\n---\n" + HEAD + A, 2, 1, "playbooks are YAML 1.2"),
        (HEAD + A + "---\n", 9, 1, "expected a single document in the stream but found another document"),
        (HEAD + A + "   with: {\n", 9, 4, "expected <block end>, but found '<block mapping start>'"),
        ("- a\n- b\n", 1, 1, "a playbook is a mapping that begins with `playbook:`"),
        ("", 1, 1, "a playbook is a mapping that begins with `playbook:`"),
        ("#" * (MAX_SIZE + 1), 1, 1, f"a playbook has at most {MAX_SIZE} characters"),
        ("a: " + "[" * 3000 + "]" * 3000, 1, 53, "it is nested too deeply"),
        (
            HEAD + A + "    with: {say: \x00}\n",
            1,
            1,
            "unacceptable character #x0000: special characters are not allowed",
        ),
    ],
)
def test_each_mistake_is_found_in_its_place(text: str, line: int, column: int, sentence: str) -> None:
    assert found(text) == [(line, column, sentence)]


def test_a_circle_is_told_at_each_of_its_tasks() -> None:
    text = HEAD + A + "    needs: [b]\n" + A.replace("id: a", "id: b")
    assert found(text) == [
        (9, 5, "`a` would have to wait for itself"),
        (10, 5, "`b` would have to wait for itself"),
    ]


def test_all_mistakes_are_found_at_once_in_the_order_of_the_text() -> None:
    text = (
        HEAD
        + A.replace("lab.ask", "no.such")
        + A.replace("id: a", "id: b")
        + "    with: {say: '{{ x }}', tune: 1}\n"
    )
    assert [(line, sentence) for line, _, sentence in found(text)] == [
        (8, "there is no action called `no.such`"),
        (12, "there is no variable called `x`"),
        (12, "`lab.ask` takes no `tune`"),
    ]


def test_a_rescue_reads_the_task_that_failed_and_later_tasks_read_the_rescue() -> None:
    text = (
        HEAD + A + f"    rescue:\n      - id: r\n        {TITLE}\n        do: lab.ask\n"
        "        with: {say: '{{ tasks.a.state }}'}\n"
        + A.replace("id: a", "id: b")
        + "    with: {say: '{{ tasks.r.state }}'}\n"
    )
    assert found(text) == []


def test_no_is_a_text_and_a_quoted_number_too() -> None:
    text = HEAD + A + "    with: {say: no}\n    ignore_errors: true\n"
    assert read_playbook(text)[0].tasks[0].with_ == {"say": "no"}
    quoted = HEAD + A + "    with: {say: '0044'}\n"
    assert read_playbook(quoted)[0].tasks[0].with_ == {"say": "0044"}
