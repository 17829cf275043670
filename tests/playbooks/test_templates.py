from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from alta.playbooks.templates import MAX_RESULT, TemplateMistake, names_used, render, truth

CONTEXT: dict[str, Any] = {
    "n": 3,
    "code": "0044",
    "yes": True,
    "nothing": None,
    "list": [{"id": 1}, {"id": 2}],
    "answer": {"items": [1, 2], "values": {"floor": 4}, "keys": "k", "said": "hello"},
    "secret": SecretStr("hush-hush"),
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain", "plain"),
        ("{{ n }}", 3),
        (" {{ n * 2 }}\n", 6),
        ("{{- n -}}", 3),
        ("{{ code }}", "0044"),
        ("{{ '0044' }}", "0044"),
        ("{{ yes }}", True),
        ("{{ nothing }}", None),
        ("{{ list }}", [{"id": 1}, {"id": 2}]),
        ("+{{ code }}{{ n }}", "+00443"),
        ("{{ n }} {{ n }}", "3 3"),
        ("{% if n > 2 %}many{% else %}few{% endif %}", "many"),
        ("{{ 'a' if yes else 'b' }}", "a"),
        ("{{ answer.items }}", [1, 2]),  # names that mappings have in Python
        ("{{ answer.values.floor }}", 4),
        ("{{ answer.keys }}", "k"),
        ("{{ answer['said'][:2] }}", "he"),
        ("{{ list[1].id }}", 2),
        ("{{ missing | default('x') }}", "x"),
        ("{{ answer.missing.deeper | default('x') }}", "x"),
        ("{{ list | map(attribute='id') | list }}", [1, 2]),
        ("{{ list | map(attribute='id') | join('-') }}", "1-2"),
        ("{{ list | selectattr('id', 'gt', 1) | map(attribute='id') | first }}", 2),
        ("{{ '%05d' | format(n) }}", "00003"),
        ("{{ code | replace('00', '+') }}", "+44"),
        ("{{ '8944101234567890123' | short }}", "8944...0123"),
        ("{{ 7 % n }}", 1),
    ],
)
def test_templates_give_values(template: str, value: object) -> None:
    found = render(template, CONTEXT)
    assert found == value
    assert type(found) is type(value)


def test_values_are_rendered_at_any_depth() -> None:
    assert render({"a": [{"b": "{{ n }}"}, "{{ code }}"]}, CONTEXT) == {"a": [{"b": 3}, "0044"]}


@pytest.mark.parametrize(
    "template",
    [
        "{{ missing }}",
        "{{ answer.missing }}",
        "x{{ missing }}",
        "{{ ''.__class__ }}",
        "{{ n.__class__.__mro__ }}",
        "{{ answer.__class__ }}",
        "{{ answer['__class__'] }}",
        "{{ list.append }}",
        "{{ code.format }}",
        "{{ secret.get_secret_value }}",
        "{{ secret._secret_value }}",
        "{{ [secret] | map(attribute='_secret_value') | first }}",
        "{{ secret.get_secret_value() }}",
        "{{ code.upper() }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ cycler }}",
        "{{ lipsum }}",
        "{{ lipsum() }}",
        "{{ range(10) }}",
        "{{ namespace() }}",
        "{{ 2 ** 3 }}",
        "{{ 'x' * 100000 }}",
        "{{ 100000 * 'x' }}",
        "{{ [1] * 3 }}",
        "{{ '%99999d' | format(1) }}",
        "{{ '%*d' | format(99999, 1) }}",
        "{{ '%99999d' % 1 }}",
        "{{ 'x' * 60000 | replace('x', 'yyyyyyyy') }}",
        "{{ ('x' * 60000) | replace('x', 'yy') }}",
        "{{ ('x' * 60000) | list | join('yy') }}",
        "{{ ['x'] | map('replace', 'x', 'y') | list }}",
        "{% for x in list %}{{ x }}{% endfor %}",
        "{% set x = 1 %}{{ x }}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{{ n | tojson }}",
        "{{ n is callable }}",
        "{{ 1 / 0 }}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    ],
)
def test_what_templates_may_not_do_is_refused(template: str) -> None:
    with pytest.raises(TemplateMistake) as mistake:
        render(template, CONTEXT)
    assert str(mistake.value)
    assert "hush" not in str(mistake.value)


def test_a_result_has_a_limit() -> None:
    half = "x" * (MAX_RESULT // 2 + 1)
    assert render("{{ half }}", {"half": half}) == half
    with pytest.raises(TemplateMistake, match="too large"):
        render("{{ half ~ half }}", {"half": half})


@pytest.mark.parametrize(
    "template",
    [
        "key {{ secret }}",
        "{{ secret | string }}",
        "{{ secret ~ '' }}",
        "{{ secret | upper }}",
        "{{ '%s' | format(secret) }}",
        "{{ [secret] | join }}",
        "{{ secret | replace('a', 'b') }}",
    ],
)
def test_a_secret_shows_as_stars_in_any_text(template: str) -> None:
    assert "hush" not in render(template, CONTEXT).lower()
    assert "***" in render(template, CONTEXT)


def test_a_secret_alone_stays_a_secret() -> None:
    assert render("{{ secret }}", CONTEXT) == SecretStr("hush-hush")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("n > 2", True),
        ("{{ n > 2 }}", True),
        ("not yes", False),
        ("nothing", False),
        ("'a' in ['a']", True),
        ("missing is defined", False),
    ],
)
def test_conditions_are_written_with_or_without_braces(condition: str, expected: bool) -> None:
    assert truth(condition, CONTEXT) is expected


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("plain", set()),
        ("{{ a.b['c'].d }}", {("a", "b", "c", "d")}),
        ({"x": ["{{ a }} {{ b.c | upper }}"]}, {("a",), ("b", "c")}),
        ("{{ a[b] }}", {("a",), ("b",)}),
        ("{{ a.x | default(b) }}", {("b",)}),
        ("{{ a.x is defined }}", set()),
        ("{% if a %}{{ b }}{% endif %}", {("a",), ("b",)}),
    ],
)
def test_the_variables_of_a_template_are_known(value: object, names: set[tuple[str, ...]]) -> None:
    assert names_used(value) == names
