"""Templates in playbooks: Jinja2 expressions in a sandbox, with limits.

A text that is one single `{{ expression }}` gives that expression's value with its type, so that a number stays a number
and "0044" stays a text. Any other text is rendered as a text. Names that don't exist are errors, never empty texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_RESULT = 64 * 1024  # characters or elements that one template may produce
SINGLE = re.compile(r"^\s*\{\{(.*)\}\}\s*$", re.DOTALL)
FILTERS = (
    "abs capitalize default d first float format int items join last length list lower map max min reject rejectattr "
    "replace round select selectattr sort string sum title trim truncate unique upper"
).split()
TESTS = "defined undefined none boolean false true integer float number string mapping sequence in eq ne lt le gt ge".split()

Chain = tuple[str, ...]
Context = Mapping[str, Any]


class TemplateMistake(Exception):
    """A template can't be read or computed; the text says why."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """No access to Python's insides, no changing of values, no huge results."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise SecurityError("powers are not available in templates")
        for one, other in ((left, right), (right, left)):
            if isinstance(one, str | list | tuple) and isinstance(other, int) and len(one) * other > MAX_RESULT:
                raise SecurityError("the result would be too large")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        # `format` on a text can reach attributes, and SecretStr can be opened: data only, no methods.
        return super().is_safe_attribute(obj, attr, value) and not callable(value)


_environment = _Sandbox(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
_environment.filters = {name: _environment.filters[name] for name in FILTERS}
_environment.filters["short"] = lambda text: f"{str(text)[:4]}...{str(text)[-4:]}" if len(str(text)) > 11 else str(text)
_environment.tests = {name: _environment.tests[name] for name in TESTS}
_environment.globals = {}


def is_template(text: str) -> bool:
    return "{{" in text or "{%" in text or "{#" in text


def _single_expression(text: str) -> str | None:
    match = SINGLE.match(text)
    if match is None or "{{" in match[1] or "}}" in match[1] or "{%" in text:
        return None
    return match[1]


@lru_cache(maxsize=4096)
def _expression(source: str) -> Callable[..., Any]:
    try:
        return _environment.compile_expression(source, undefined_to_none=False)
    except TemplateError as error:
        raise TemplateMistake(str(error)) from error


@lru_cache(maxsize=4096)
def _template(source: str) -> Any:
    try:
        return _environment.from_string(source)
    except TemplateError as error:
        raise TemplateMistake(str(error)) from error


def _bounded(value: Any) -> Any:
    if isinstance(value, StrictUndefined):
        value._fail_with_undefined_error()
    if isinstance(value, str | list | tuple | dict) and len(value) > MAX_RESULT:
        raise TemplateMistake("the result is too large")
    return value


def evaluate(expression: str, context: Context) -> Any:
    """The value of an expression, as in `when:`. Raises TemplateMistake."""
    try:
        return _bounded(_expression(expression)(**context))
    except TemplateMistake:
        raise
    except Exception as error:  # whatever an author's expression does wrong is the author's to read
        raise TemplateMistake(str(error)) from error


def render_text(text: str, context: Context) -> str:
    """A text with its templates filled in."""
    if not is_template(text):
        return text
    try:
        return str(_bounded(_template(text).render(context)))
    except TemplateMistake:
        raise
    except Exception as error:
        raise TemplateMistake(str(error)) from error


def render(value: Any, context: Context) -> Any:
    """`value` with every template in it filled in, at any depth. Raises TemplateMistake."""
    if isinstance(value, str):
        if not is_template(value):
            return value
        expression = _single_expression(value)
        return evaluate(expression, context) if expression is not None else render_text(value, context)
    if isinstance(value, Mapping):
        return {key: render(part, context) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [render(part, context) for part in value]
    return value


def truth(expression: str, context: Context) -> bool:
    """A condition. `when:` may be written with or without braces."""
    return bool(evaluate(_single_expression(expression) or expression, context))


def _chain(node: nodes.Node) -> Chain | None:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        before = _chain(node.node)
        return (*before, node.attr) if before else None
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        before = _chain(node.node)
        return (*before, node.arg.value) if before else None
    return None


def _chains_of(node: nodes.Node) -> Iterator[Chain]:
    if isinstance(node, nodes.Filter) and node.name in ("default", "d"):
        # A missing value is allowed here, that is what the filter is for; its arguments still count.
        for argument in node.args:
            yield from _chains_of(argument)
        return
    if isinstance(node, nodes.Test) and node.name in ("defined", "undefined"):
        return
    chain = _chain(node)
    if chain is not None:
        yield chain
        return
    for child in node.iter_child_nodes():
        yield from _chains_of(child)


def names_used(value: Any, *, condition: bool = False) -> set[Chain]:
    """The variables that a value's templates read, as chains such as ("inputs", "sim", "imsi"). Raises TemplateMistake.

    Names that a template makes itself (loops, set) are not counted. `condition` reads `value` as an expression."""
    if isinstance(value, Mapping):
        return set().union(*(names_used(part) for part in value.values()))
    if isinstance(value, list | tuple):
        return set().union(*(names_used(part) for part in value))
    if not isinstance(value, str) or not (condition or is_template(value)):
        return set()
    source = value if is_template(value) else "{{ " + value + " }}"
    try:
        tree = _environment.parse(source)
        _environment.compile(source)  # unknown filters and tests show only here
    except TemplateError as error:
        raise TemplateMistake(str(error)) from error
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx in ("store", "param")}
    return {chain for chain in _chains_of(tree) if chain[0] not in own}
