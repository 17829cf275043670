"""The language: the shape of a playbook document. The published JSON Schema is made from these models."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from django.utils.translation import get_language
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)")
LONGEST = 10 * 366 * 86400  # seconds
NAME = r"^[a-z][a-z0-9_]{0,39}$"


def parse_duration(text: object) -> timedelta:
    """`90s`, `1h30m`, `3d` as a timedelta."""
    if isinstance(text, timedelta):
        return text
    parts = DURATION.findall(text) if isinstance(text, str) else []
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError("write a duration as a number and a unit: 500ms, 30s, 5m, 2h, 3d, 1w")
    seconds = sum(float(number) * UNITS[unit] for number, unit in parts)
    if seconds > LONGEST:
        raise ValueError("a duration is ten years at most")
    return timedelta(seconds=seconds)


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(lambda value: f"{value.total_seconds():g}s", when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+$"}),
]
Name = Annotated[str, Field(pattern=NAME)]


class Part(BaseModel):
    """Anything in a playbook. Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Text(Part):
    """A text for people, in both languages. The titles of tasks may hold templates, which are filled in
    when the job starts."""

    es: str
    en: str

    def in_language(self) -> str:
        """The text in the reader's language."""
        return self.en if (get_language() or "es").startswith("en") else self.es


class ActionCall(Part):
    """An action and its parameters. Texts in `with` may hold templates: `{{ … }}`."""

    do: str
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")


class Undo(ActionCall):
    """Takes the task back. Must do nothing where there is nothing to take back."""

    effect: ActionCall | None = None


class Verify(ActionCall):
    """Asks whether the task really took effect. `expect` compares parts of the answer (dotted names) with
    values."""

    expect: dict[str, Any] = Field(default_factory=dict)


class Retry(Part):
    """Repeats after errors that may pass: at most `attempts` in all, waiting `backoff`, then twice that,
    and so on."""

    attempts: int = Field(default=3, ge=1, le=20)
    backoff: Duration = timedelta(seconds=2)
    max_backoff: Duration = timedelta(minutes=1)


class Input(Part):
    """A value the playbook needs: an item from stock (`inventory` names its template) or a typed value."""

    inventory: str | None = None
    type: Literal["string", "integer", "number", "boolean", "date"] | None = None
    title: Text | None = None
    required: bool = True
    default: Any = None
    min: float | None = None
    max: float | None = None
    pattern: str | None = None
    choices: list[Any] | None = None

    @model_validator(mode="after")
    def one_kind(self) -> Input:
        if (self.inventory is None) == (self.type is None):
            raise ValueError("an input has either `inventory` or `type`")
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            raise ValueError(f"`pattern` is no regular expression: {error}") from None
        return self


class Secret(Part):
    """A credential of the service, such as a password. Alta makes it up when the first job of the service that
    declares it starts, and keeps it sealed; later jobs of the service find the same one."""

    length: int = Field(default=20, ge=8, le=64)
    characters: Literal["letters_and_digits", "digits", "hexadecimal"] = "letters_and_digits"


class Outcome(Part):
    """One way a human task can end. `reason` asks for a text."""

    id: Name
    title: Text
    reason: bool = False


class Human(Part):
    """Work of a person: who (`role`), what to fill in (`form`), which documents, and until when (`due`)."""

    role: str
    form: dict[Name, Input] = Field(default_factory=dict)
    documents: list[str] = Field(default_factory=list)
    due: Duration | None = None
    guide: Text | None = None
    outcomes: list[Outcome] = Field(
        default_factory=lambda: [Outcome(id="done", title=Text(es="Hecho", en="Done"))], min_length=1
    )


class Wait(Part):
    """Waits for one thing: a `timer`, an instant (`until`), an `event` from outside, or other `jobs` to end.

    `key` tells one event from another of the same name. `timeout` makes waiting too long a failure."""

    timer: Duration | None = None
    until: str | None = None
    event: str | None = None
    key: str | None = None
    jobs: str | None = None
    timeout: Duration | None = None

    @model_validator(mode="after")
    def one_thing(self) -> Wait:
        if sum(thing is not None for thing in (self.timer, self.until, self.event, self.jobs)) != 1:
            raise ValueError("a wait has exactly one of `timer`, `until`, `event`, `jobs`")
        return self


class Task(Part):
    """One step: automatic (`do`), of a person (`human`), or a `wait`.

    `irreversible` says, to whoever undoes the job, what stays of a task without `undo`, and who decides about it."""

    id: Name
    title: Text
    do: str | None = None
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    effect: ActionCall | None = None
    human: Human | None = None
    wait: Wait | None = None
    needs: list[str] | None = None
    when: str | None = None
    for_each: str | None = None
    register_: Name | None = Field(default=None, alias="register")
    retry: Retry = Retry(attempts=1)
    timeout: Duration = timedelta(seconds=30)
    ignore_errors: bool = False
    limit: str | None = None
    undo: Undo | None = None
    irreversible: Text | None = None
    verify: Verify | None = None
    rescue: list[Task] = Field(default_factory=list)

    @model_validator(mode="after")
    def one_kind(self) -> Task:
        if sum(kind is not None for kind in (self.do, self.human, self.wait)) != 1:
            raise ValueError("a task has exactly one of `do`, `human`, `wait`")
        if self.do is None and (self.with_ or self.effect or self.verify or self.for_each):
            raise ValueError("`with`, `effect`, `verify` and `for_each` belong to a task that has `do`")
        return self


class AppliesTo(Part):
    """Which products may name this playbook, and for what."""

    service_type: str | None = None
    category: Literal["plan", "addon", "bundle"] | None = None
    verb: Literal["create", "modify", "swap", "move", "suspend", "resume", "terminate"] = "create"


class Playbook(Part):
    """A playbook: tasks with dependencies. `timeout` bounds the automatic part of a job that runs it.

    `final` says why a finished job of it is not undone, and who decides what happens instead."""

    playbook: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,59}$")]
    title: Text
    applies_to: AppliesTo = AppliesTo()
    final: Text | None = None
    inputs: dict[Name, Input] = Field(default_factory=dict)
    secrets: dict[Name, Secret] = Field(default_factory=dict)
    timeout: Duration = timedelta(minutes=5)
    tasks: list[Task] = Field(min_length=1, max_length=200)


def json_schema() -> dict[str, Any]:
    """The language as JSON Schema 2020-12, for editors and other programs."""
    schema = Playbook.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
