"""Checks what a playbook means: that its actions exist and get their parameters, that its variables and
tasks exist, and that its order has no circle. Publishing runs the same check, so a job never starts on a
playbook that can't work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from alta.connectors import registry
from alta.playbooks.language import ActionCall, Playbook, Task
from alta.playbooks.reader import Finding, PlaybookMistake, Source, read_playbook
from alta.playbooks.templates import TemplateMistake, is_template, names_used

# What a task can read. `inputs` and `tasks` are checked name by name, the others when a job starts.
TITLE_ROOTS = (
    "service",
    "customer",
    "product",
    "order",
    "installation",
    "inputs",
    "job",
    "settings",
)  # titles are made before any task ran
ROOTS = (*TITLE_ROOTS, "tasks")
TASK_FIELDS = ("state", "output")
Path = list[str | int]


def check(text: str) -> list[Finding]:
    """Every mistake in the text, in its order; an empty list means that it can be published."""
    try:
        playbook, source = read_playbook(text)
    except PlaybookMistake as mistake:
        return mistake.findings
    return sorted(set(_Check(playbook, source).findings()))


class _Check:
    def __init__(self, playbook: Playbook, source: Source) -> None:
        self.playbook = playbook
        self.source = source
        self.tasks: dict[str, tuple[Task, Path]] = {}

    def findings(self) -> Iterator[Finding]:
        doubled = list(self._duplicates(self.playbook.tasks, ["tasks"]))
        yield from doubled
        if not doubled:
            yield from self._needs()
        yield from self._registers()
        for language, title in self.playbook.title.model_dump().items():
            if is_template(title):
                yield self.source.finding(["title", language], "only titles of tasks can hold templates")
        for task, path in self.tasks.values():
            yield from self._task(task, path)

    def _duplicates(self, tasks: list[Task], path: Path) -> Iterator[Finding]:
        for index, task in enumerate(tasks):
            here: Path = [*path, index]
            if task.id in self.tasks:
                yield self.source.finding([*here, "id"], f"there are two tasks called `{task.id}`")
            self.tasks[task.id] = (task, here)
            if path[-1] == "rescue" and task.rescue:
                yield self.source.finding([*here, "rescue"], "a rescue task has no rescue of its own")
            else:
                yield from self._duplicates(task.rescue, [*here, "rescue"])

    def _registers(self) -> Iterator[Finding]:
        taken = {*ROOTS, "item", "result"}
        for task, path in self.tasks.values():
            if task.register_ in taken:
                yield self.source.finding([*path, "register"], f"the name `{task.register_}` is taken")
            elif task.register_:
                taken.add(task.register_)

    def _needs(self) -> Iterator[Finding]:
        top = {task.id: task for task in self.playbook.tasks}
        for task, path in self.tasks.values():
            for index, need in enumerate(task.needs or []):
                if task.id not in top:
                    yield self.source.finding(path, "rescue tasks run in their order and have no `needs`")
                elif need not in top:
                    yield self.source.finding([*path, "needs", index], f"there is no task called `{need}`")
        graph = needs_of(self.playbook)
        for name in graph:
            if name in _before(graph, name):
                yield self.source.finding(
                    [*self.tasks[name][1], "needs"], f"`{name}` would have to wait for itself"
                )

    def _task(self, task: Task, path: Path) -> Iterator[Finding]:
        if task.do is not None:
            yield from self._call(ActionCall(do=task.do, with_=task.with_), path, task, outside_ok=True)
        if task.do is not None and _is_effect(task.do):
            for key in ("effect", "verify"):
                if getattr(task, key):
                    yield self.source.finding(
                        [*path, key], f"`{task.do}` changes Alta's own data, so `{key}` has no place here"
                    )
        if task.effect:
            yield from self._call(task.effect, [*path, "effect"], task, outside_ok=False, result=True)
        if task.undo:
            yield from self._call(task.undo, [*path, "undo"], task, outside_ok=True, result=True)
            if task.undo.effect and _is_effect(task.undo.do):
                yield self.source.finding(
                    [*path, "undo", "effect"],
                    f"`{task.undo.do}` changes Alta's own data, so `effect` has no place here",
                )
            elif task.undo.effect:
                yield from self._call(
                    task.undo.effect, [*path, "undo", "effect"], task, outside_ok=False, result=True
                )
        if task.verify:
            yield from self._call(
                task.verify, [*path, "verify"], task, outside_ok=True, result=True, read_only=True
            )
            yield from self._names(task.verify.expect, [*path, "verify", "expect"], task, result=True)
        if task.when:
            yield from self._names(task.when, [*path, "when"], task, condition=True, item=False)
        if task.for_each:
            yield from self._names(task.for_each, [*path, "for_each"], task, condition=True, item=False)
        if task.wait:
            for key in ("until", "key", "jobs"):
                yield from self._names(getattr(task.wait, key), [*path, "wait", key], task)
        for language in ("es", "en"):
            yield from self._names(
                getattr(task.title, language), [*path, "title", language], task, title=True
            )
        if task.limit and task.limit not in registry.connector_classes():
            yield self.source.finding([*path, "limit"], f"there is no connector called `{task.limit}`")

    def _call(
        self,
        call: ActionCall,
        path: Path,
        task: Task,
        *,
        outside_ok: bool,
        result: bool = False,
        read_only: bool = False,
    ) -> Iterator[Finding]:
        action = registry.find_action(call.do)
        if action is None:
            yield self.source.finding([*path, "do"], f"there is no action called `{call.do}`")
            return
        if not outside_ok and not action.effect:
            yield self.source.finding(
                [*path, "do"], f"`{call.do}` calls an outside system; an effect changes Alta's own data"
            )
        if read_only and action.effect:
            yield self.source.finding(
                [*path, "do"], f"`{call.do}` asks no outside system, so it can't verify"
            )
        elif read_only and not action.read_only:
            yield self.source.finding([*path, "do"], f"`{call.do}` changes something, so it can't verify")
        yield from self._params(call.with_, action.params, call.do, path)
        yield from self._names(call.with_, [*path, "with"], task, result=result)

    def _params(
        self, given: dict[str, Any], model: type[BaseModel], action: str, path: Path
    ) -> Iterator[Finding]:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        for name in given:
            if name not in fields:
                yield self.source.finding([*path, "with", name], f"`{action}` takes no `{name}`")
        for name, field in fields.items():
            if field.is_required() and name not in given:
                yield self.source.finding([*path, "do"], f"`{action}` needs `{name}`")

    def _names(
        self,
        value: Any,
        path: Path,
        task: Task,
        *,
        result: bool = False,
        condition: bool = False,
        item: bool = True,
        title: bool = False,
    ) -> Iterator[Finding]:
        if isinstance(value, dict | list):
            for key, part in value.items() if isinstance(value, dict) else enumerate(value):
                yield from self._names(part, [*path, key], task, result=result)
            return
        try:
            chains = names_used(value, condition=condition)
        except TemplateMistake as mistake:
            yield self.source.finding(path, f"this template can't be read: {mistake}")
            return
        earlier = self._earlier(task)
        registered = {self.tasks[name][0].register_ for name in earlier if name in self.tasks} - {None}
        known = {*ROOTS, *registered}
        if task.for_each and item:
            known.add("item")
        if result:
            known.add("result")
        for chain in sorted(chains):
            root = chain[0]
            if title and root in known and root not in TITLE_ROOTS:
                yield self.source.finding(
                    path, f"a title is made before any task has run, so it can't read `{root}`"
                )
            elif root not in known:
                yield self.source.finding(path, f"there is no variable called `{root}`")
            elif root == "inputs" and len(chain) > 1 and chain[1] not in self.playbook.inputs:
                yield self.source.finding(path, f"there is no input called `{chain[1]}`")
            elif chain[:2] == ("service", "secrets") and not self._is_secret(chain):
                yield self.source.finding(path, "the playbook declares no such secret under `secrets`")
            elif root == "tasks" and len(chain) > 1 and chain[1] not in earlier:
                problem = "does not come before this one" if chain[1] in self.tasks else "does not exist"
                yield self.source.finding(path, f"the task `{chain[1]}` {problem}")
            elif root == "tasks" and len(chain) > 2 and chain[2] not in TASK_FIELDS:
                yield self.source.finding(path, f"a task has {' and '.join(TASK_FIELDS)}, not `{chain[2]}`")

    def _is_secret(self, chain: tuple[str, ...]) -> bool:
        return len(chain) == 3 and chain[2] in self.playbook.secrets

    def _earlier(self, task: Task) -> set[str]:
        """Tasks that have ended when `task` begins, with those that may have rescued them."""
        graph = needs_of(self.playbook)
        if task.id in graph:
            earlier = _before(graph, task.id)
            return earlier | {
                rescue.id for name in earlier if name in self.tasks for rescue in self.tasks[name][0].rescue
            }
        failed, place = next(
            (one, place)
            for one in self.playbook.tasks
            for place, rescue in enumerate(one.rescue)
            if rescue is task
        )
        return self._earlier(failed) | {failed.id, *(rescue.id for rescue in failed.rescue[:place])}


def _is_effect(name: str) -> bool:
    action = registry.find_action(name)
    return action is not None and action.effect


def needs_of(playbook: Playbook) -> dict[str, tuple[str, ...]]:
    """What each task waits for: its `needs`, or else the task before it in the list."""
    graph: dict[str, tuple[str, ...]] = {}
    previous: tuple[str, ...] = ()
    for task in playbook.tasks:
        graph[task.id] = previous if task.needs is None else tuple(task.needs)
        previous = (task.id,)
    return graph


def _before(graph: dict[str, tuple[str, ...]], name: str) -> set[str]:
    """Every task that must have ended before `name` begins."""
    seen: set[str] = set()
    todo = list(graph.get(name, ()))
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            todo.extend(graph.get(one, ()))
    return seen
