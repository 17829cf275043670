"""Reading a playbook's text: YAML 1.2, where `no` is a word, with the place of every mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent

from alta.playbooks.language import Playbook

MAX_SIZE = 256 * 1024  # characters
MAX_DEPTH = 50
NOT_AVAILABLE = {
    "anchor": "anchors and aliases are not available in playbooks",
    "tag": "tags (`!…`) are not available in playbooks",
    "version": "playbooks are YAML 1.2",
}


@dataclass(frozen=True, order=True)
class Finding:
    """A mistake in a playbook: where (both counted from 1) and a sentence."""

    line: int
    column: int
    sentence: str


class PlaybookMistake(Exception):
    """The text is not a playbook. `findings` say why, in the order of the text."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = sorted(set(findings))
        super().__init__("; ".join(f"line {f.line}, column {f.column}: {f.sentence}" for f in self.findings))


@dataclass(frozen=True)
class Source:
    """A text that was read: `data` remembers where each of its parts stood."""

    data: Any

    def place(self, path: Sequence[str | int]) -> tuple[int, int]:
        """Line and column of what stands at `path`, or of the nearest part around it that exists."""
        node, place = self.data, (1, 1)
        for step in path:
            try:
                if isinstance(step, int):
                    line, column = node.lc.item(step)
                else:
                    line, column = node.lc.key(step)
                node = node[step]
            except (KeyError, IndexError, TypeError, AttributeError):
                break
            place = (line + 1, column + 1)
        return place

    def finding(self, path: Sequence[str | int], sentence: str) -> Finding:
        return Finding(*self.place(path), sentence)


def read_yaml(text: str) -> Source:
    """Parses the text. Raises PlaybookMistake with the place of the first mistake."""
    if len(text) > MAX_SIZE:
        raise PlaybookMistake([Finding(1, 1, f"a playbook has at most {MAX_SIZE} characters")])
    yaml = YAML(typ="rt", pure=True)
    yaml.allow_duplicate_keys = False
    try:
        depth = 0
        for event in yaml.parse(text):
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > MAX_DEPTH:  # before the parser spends time and stack on it
                mark = event.start_mark
                raise PlaybookMistake([Finding(mark.line + 1, mark.column + 1, "it is nested too deeply")])
            for feature, sentence in NOT_AVAILABLE.items():
                if getattr(event, feature, None) not in (None, (1, 2)):
                    mark = event.start_mark
                    raise PlaybookMistake([Finding(mark.line + 1, mark.column + 1, sentence)])
        data = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        parts = [error.problem or error.context or "this is not YAML"]
        if parts[0].startswith("but "):
            parts.insert(0, error.context or "")
        sentence = " ".join(parts).split("\n", 1)[0]
        raise PlaybookMistake([Finding(line, column, sentence)]) from error
    except (YAMLError, ValueError) as error:
        raise PlaybookMistake([Finding(1, 1, str(error).split("\n", 1)[0])]) from error
    if not isinstance(data, dict):
        raise PlaybookMistake([Finding(1, 1, "a playbook is a mapping that begins with `playbook:`")])
    return Source(data)


@lru_cache(maxsize=128)
def read_playbook(text: str) -> tuple[Playbook, Source]:
    """The playbook a text describes, in shape only: `check` looks at what it means. Raises
    PlaybookMistake."""
    source = read_yaml(text)
    try:
        return Playbook.model_validate(_plain(source.data)), source
    except ValidationError as error:
        raise PlaybookMistake(
            [source.finding(_path(one["loc"]), _sentence(one)) for one in error.errors()]
        ) from error


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, date):
        return node.isoformat()  # in YAML 1.2 a date is a text
    return str(node) if isinstance(node, str) else node


def _path(loc: tuple[int | str, ...]) -> list[int | str]:
    return ["with" if step == "with_" else step for step in loc if step != "[key]"]


def _sentence(error: Any) -> str:
    name = next((str(step) for step in reversed(error["loc"]) if isinstance(step, str)), "the playbook")
    match error["type"]:
        case "extra_forbidden":
            return f"there is no `{name}` here"
        case "missing":
            return f"`{name}` is missing"
        case "value_error":
            return str(error["ctx"]["error"])
        case _:
            return f"`{name}`: {error['msg'][0].lower()}{error['msg'][1:]}"
