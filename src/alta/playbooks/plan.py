"""A published playbook, ready to run: tasks by key, their order resolved, rescues laid flat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from alta.connectors import registry
from alta.connectors.contract import Action
from alta.playbooks.check import needs_of
from alta.playbooks.language import Playbook, Task
from alta.playbooks.models import PlaybookVersion
from alta.playbooks.reader import read_playbook
from alta.playbooks.templates import Chain, names_used


@dataclass(frozen=True)
class Step:
    """A task in its place: what it waits for, and which task it rescues, if any."""

    key: str
    task: Task
    position: int
    needs: tuple[str, ...]
    depth: int  # longer than that of everything that comes before
    rescues: str | None = None

    @property
    def kind(self) -> str:
        """`call` (an outside system), `effect` (Alta's own data), `human` or `wait`."""
        if self.task.human:
            return "human"
        if self.task.wait:
            return "wait"
        return "effect" if self.action.effect else "call"

    @property
    def action(self) -> Action:
        assert self.task.do is not None
        return find_action(self.task.do)

    @property
    def rescue_keys(self) -> tuple[str, ...]:
        return tuple(task.id for task in self.task.rescue)


@dataclass(frozen=True)
class Plan:
    """All steps of a playbook by key, in the order of the text."""

    playbook: Playbook
    steps: dict[str, Step]
    variables: frozenset[Chain]  # every variable that some template reads

    @property
    def connectors(self) -> frozenset[str]:
        """The outside systems that its tasks call, or call to take things back."""
        calls = [step.task.do for step in self.steps.values()]
        calls += [step.task.undo.do for step in self.steps.values() if step.task.undo]
        return frozenset(
            action.connector for name in calls if name and (action := find_action(name)).connector is not None
        )

    @property
    def has_people_or_waits(self) -> bool:
        return any(step.task.do is None for step in self.steps.values())


def find_action(name: str) -> Action:
    """The action; KeyError where a connector was removed after publishing."""
    action = registry.find_action(name)
    if action is None:
        raise KeyError(name)
    return action


def make_plan(playbook: Playbook) -> Plan:
    steps = {step.key: step for step in _steps(playbook)}
    return Plan(playbook, steps, frozenset(_variables(playbook.tasks)))


def _steps(playbook: Playbook) -> Iterator[Step]:
    needs = needs_of(playbook)
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in depths:
            depths[name] = 1 + max((depth(need) + len(tasks[need].rescue) for need in needs[name]), default=0)
        return depths[name]

    tasks = {task.id: task for task in playbook.tasks}
    position = 0
    for task in playbook.tasks:
        position += 1
        yield Step(task.id, task, position, needs[task.id], depth(task.id))
        before: tuple[str, ...] = ()
        for number, rescue in enumerate(task.rescue, 1):
            position += 1
            yield Step(rescue.id, rescue, position, before, depth(task.id) + number, rescues=task.id)
            before = (rescue.id,)


def _variables(tasks: list[Task]) -> Iterator[Chain]:
    for task in tasks:
        values = [task.with_, task.title.es, task.title.en, task.verify and task.verify.expect]
        for call in (task.effect, task.undo, task.undo and task.undo.effect, task.verify):
            if call:
                values.append(call.with_)
        if task.wait:
            values += [task.wait.until, task.wait.key, task.wait.jobs]
        for value in values:
            yield from names_used(value)
        for condition in filter(None, (task.when, task.for_each)):
            yield from names_used(condition, condition=True)
        yield from _variables(task.rescue)


@lru_cache(maxsize=256)
def plan_of_version(version_id: int) -> Plan:
    """The plan of a published version. Versions never change, so plans are kept."""
    text = PlaybookVersion.objects.values_list("text", flat=True).get(pk=version_id)
    return make_plan(read_playbook(text)[0])
