"""What the documentation says is so: examples work, tables are the code's, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from alta.playbooks.check import check

ROOT = Path(__file__).parent.parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
EXAMPLE = re.compile(r"^```yaml\n(playbook:.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)\)")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _examples() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for match in EXAMPLE.finditer(page.read_text()):
            found.append((f"{page.name}:{page.read_text()[: match.start()].count(chr(10)) + 2}", match[1]))
    return found


def test_the_connectors_page_has_every_action_as_the_code_has_it() -> None:
    script = _script("connector_docs")
    page = script.PAGE.read_text()
    assert script.BEGIN in page and script.END in page
    assert script.with_tables(page) == page, "run python scripts/connector_docs.py"


@pytest.mark.parametrize(("place", "text"), _examples(), ids=[place for place, _ in _examples()])
def test_a_playbook_of_the_documentation_has_no_mistake(place: str, text: str) -> None:
    assert check(text) == []


def test_the_language_page_has_examples_and_names_every_key() -> None:
    from alta.playbooks import language

    page = (ROOT / "docs" / "playbooks.md").read_text()
    assert len(EXAMPLE.findall(page)) >= 5
    for part in (
        language.Playbook,
        language.Input,
        language.Task,
        language.Retry,
        language.Human,
        language.Outcome,
        language.Wait,
        language.Verify,
        language.AppliesTo,
    ):
        for name, field in part.model_fields.items():
            assert f"`{field.alias or name}" in page, f"{part.__name__}.{name} is not described"


def test_the_language_page_names_every_filter_and_test() -> None:
    from alta.playbooks.templates import _environment

    page = (ROOT / "docs" / "playbooks.md").read_text()
    for kind, there in (("Filters", _environment.filters), ("Tests", _environment.tests)):
        listed = re.search(rf"^- {kind}: (.*?)\.(?: |\n)", page, re.MULTILINE | re.DOTALL)
        assert listed is not None
        assert set(re.findall(r"`(\w+)`", listed[1])) == set(there), kind


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tests_that_are_named_exist(page: Path) -> None:
    for file, name in TEST.findall(page.read_text()):
        assert re.search(rf"^(async )?def {name}\b", (ROOT / file).read_text(), re.MULTILINE), (
            f"{file}::{name}"
        )


def test_every_decision_names_its_check_and_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = sorted(folder.glob("0*.md"))
    index = (folder / "README.md").read_text()
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        for part in ("**Decision.**", "**Why.**", "**What we looked at.**", "**The check.**"):
            assert part in text, f"{page.name} has no {part}"
        title = text.split("\n", 1)[0].removeprefix("# ")
        assert f"[{title}]({page.name})" in index


def test_constraints_that_are_named_exist() -> None:
    from django.apps import apps

    there = {constraint.name for model in apps.get_models() for constraint in model._meta.constraints}
    named = re.compile(r"`((?:inventory_item|runner_(?:job|task|event))_[a-z_]+)`")
    for page in (ROOT / "docs" / "decisions").glob("0*.md"):
        assert set(named.findall(page.read_text())) <= there


def test_the_runner_page_has_the_transitions_of_the_code() -> None:
    from alta.runner.rules import JOB_TRANSITIONS, TASK_TRANSITIONS

    page = (ROOT / "docs" / "runner.md").read_text()
    for table in (JOB_TRANSITIONS, TASK_TRANSITIONS):
        rows = "".join(
            f"| `{state}` | {' '.join(f'`{s}`' for s in type(state) if s in after) or '–'} |\n"
            for state, after in table.items()
        )
        assert rows in page


def test_figures_have_the_limits_of_the_bench() -> None:
    from bench.__main__ import LIMITS

    for name in ("README.md", "README.es.md"):
        page = (ROOT / name).read_text().replace(",", ".")
        for key, limit in re.findall(r"^\| `(\w+)` \| [\d.]+ \| ([^|]*)\|", page, re.MULTILINE):
            if limit.strip():
                sign, number = LIMITS[key]
                assert limit.strip() == f"{sign.replace('>=', '≥')} {number}"


def test_variables_of_the_operations_page_are_read_by_the_code() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    code = "".join(path.read_text() for path in (ROOT / "src" / "alta").rglob("*.py"))
    for name in re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE):
        assert name in code, name


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ n * 2 }}", 6),
        ("{{ iccid }}", "8944000000000000001"),
        ("{{ zeros }}", "0044"),
        ("{{ list }}", ["a"]),
        ("{{ listlike }}", "['a']"),
        ("n is {{ n }}", "n is 3"),
        ("{{ iccid | short }}", "8944...0001"),
    ],
)
def test_a_single_expression_keeps_its_type(template: str, value: object) -> None:
    from alta.playbooks.templates import render

    context = {
        "n": 3,
        "iccid": "8944000000000000001",
        "zeros": "0044",
        "list": ["a"],
        "listlike": "['a']",
    }
    found = render(template, context)
    assert found == value
    assert type(found) is type(value)


def test_a_secret_is_handed_on_whole_or_shows_as_stars() -> None:
    from pydantic import SecretStr

    from alta.playbooks.templates import render

    context = {"k": SecretStr("465b5ce8")}
    assert render("{{ k }}", context).get_secret_value() == "465b5ce8"
    for text in ("k={{ k }}", "{{ k | upper }}", "{{ k | string }}", "{{ k | replace('x', 'y') }}"):
        assert "465b5ce8".upper() not in str(render(text, context)).upper()
