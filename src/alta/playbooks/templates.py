"""Templates in playbooks: Jinja2 expressions in a sandbox, with limits.

A text that is one single `{{ expression }}` gives that expression's value with its type, so that a number
stays a number and "0044" stays a text. Any other text is rendered as a text. Names that don't exist are
errors, never empty texts.

Templates read data and compute with it; they can't call anything, loop, or make something much larger than
what they read. `{% if %}` is the only statement."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_RESULT = 64 * 1024  # characters or elements that one template may produce
# `{{-` and `-}}` are how Jinja trims the text around; there is none here.
SINGLE = re.compile(r"^\s*\{\{[-+]?(.*?)[-+]?\}\}\s*$", re.DOTALL)
FILTERS = (
    "abs",
    "capitalize",
    "default",
    "d",
    "first",
    "float",
    "int",
    "items",
    "last",
    "length",
    "list",
    "lower",
    "max",
    "min",
    "reject",
    "rejectattr",
    "round",
    "select",
    "selectattr",
    "sort",
    "string",
    "sum",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
)
TESTS = (
    "defined",
    "undefined",
    "none",
    "boolean",
    "false",
    "true",
    "integer",
    "float",
    "number",
    "string",
    "mapping",
    "sequence",
    "in",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
)
# What `map` may do with each element: nothing that makes it larger.
MAPPED = frozenset(
    {
        "abs",
        "capitalize",
        "default",
        "d",
        "first",
        "float",
        "int",
        "last",
        "length",
        "lower",
        "round",
        "short",
        "string",
        "title",
        "trim",
        "upper",
    }
)
REFUSED = (
    (nodes.Call, "calls"),
    (nodes.CallBlock, "calls"),
    (nodes.For, "loops"),
    (nodes.Macro, "macros"),
    (nodes.Assign, "assignments"),
    (nodes.AssignBlock, "assignments"),
    (nodes.With, "assignments"),
    (nodes.FilterBlock, "filter blocks"),
    (nodes.Block, "blocks"),
    (nodes.Extends, "other templates"),
    (nodes.Include, "other templates"),
    (nodes.Import, "other templates"),
    (nodes.FromImport, "other templates"),
)

Chain = tuple[str, ...]
Context = Mapping[str, Any]


class TemplateMistake(Exception):
    """A template can't be read or computed; the text says why."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """Data only: what stands in mappings and lists, and no attributes or methods of Python's."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        indexed = isinstance(obj, str | list | tuple) and isinstance(argument, int | slice)
        if indexed or isinstance(obj, Mapping):
            try:
                return obj[argument]
            except (LookupError, TypeError):
                pass
        return obj if isinstance(obj, Undefined) else self.undefined(obj=obj, name=argument)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise SecurityError("powers are not available in templates")
        for one, other in ((left, right), (right, left)):
            if isinstance(one, list | tuple) or (operator == "%" and isinstance(left, str)):
                raise SecurityError(f"`{operator}` is for numbers")
            if isinstance(one, str) and isinstance(other, int) and len(one) * other > MAX_RESULT:
                raise SecurityError("the result would be too large")
        return super().call_binop(context, operator, left, right)


def _short(text: object) -> str:
    """A long number as people compare it: its beginning and its end."""
    whole = str(text)
    return f"{whole[:4]}...{whole[-4:]}" if len(whole) > 11 else whole


def _replace(text: object, old: str, new: str) -> str:
    whole = str(text)
    if len(whole) + whole.count(str(old)) * len(str(new)) > MAX_RESULT:
        raise SecurityError("the result would be too large")
    return whole.replace(str(old), str(new))


def _join(parts: Iterable[object], between: str = "", attribute: str | None = None) -> str:
    texts: list[str] = []
    room = MAX_RESULT
    for part in parts:
        texts.append(str(part if attribute is None else _environment.getitem(part, attribute)))
        room -= len(texts[-1]) + len(between)
        if room < 0:
            raise SecurityError("the result would be too large")
    return str(between).join(texts)


def _format(text: str, *values: object) -> str:
    if re.search(r"%[^a-zA-Z%]*(\*|\d{3})", text):
        raise SecurityError("the result would be too large")
    return str(text) % values


@pass_context
def _map(
    context: Any, elements: Iterable[Any], name: str = "", attribute: str = "", default: Any = None
) -> Iterator[Any]:
    if name and name not in MAPPED:
        raise SecurityError(f"`map` can't use the filter `{name}`")
    for element in elements:
        if name:
            yield _environment.call_filter(name, element, context=context)
        else:
            found = element
            for part in attribute.split("."):
                found = _environment.getitem(found, part)
            yield default if isinstance(found, StrictUndefined) and default is not None else found


_environment = _Sandbox(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
_environment.filters = {name: _environment.filters[name] for name in FILTERS} | {
    "short": _short,
    "replace": _replace,
    "join": _join,
    "format": _format,
    "map": _map,
}
_environment.tests = {name: _environment.tests[name] for name in TESTS}
_environment.globals = {}


def is_template(text: str) -> bool:
    return "{{" in text or "{%" in text or "{#" in text


def _single_expression(text: str) -> str | None:
    match = SINGLE.match(text)
    if match is None or "{{" in match[1] or "}}" in match[1] or "{%" in text:
        return None
    return match[1]


def _parse(source: str) -> nodes.Template:
    """The tree of a template, after everything in it was found to be allowed. Raises TemplateMistake."""
    try:
        tree = _environment.parse(source)
        for kind, name in REFUSED:
            if tree.find(kind) is not None:
                raise TemplateMistake(f"{name} are not available in templates")
        _environment.compile(source)  # unknown filters and tests show only here
    except TemplateMistake:
        raise
    except RecursionError:
        raise TemplateMistake("it is nested too deeply") from None
    except Exception as error:  # Jinja's own, and what Python's compiler says of too much
        raise TemplateMistake(str(error)) from error
    return tree


@lru_cache(maxsize=4096)
def _expression(source: str) -> Callable[..., Any]:
    _parse("{{ " + source + " }}")
    try:
        return _environment.compile_expression(source, undefined_to_none=False)
    except Exception as error:
        raise TemplateMistake(str(error)) from error


@lru_cache(maxsize=4096)
def _template(source: str) -> Any:
    _parse(source)
    return _environment.from_string(source)


def _bounded(value: Any) -> Any:
    if isinstance(value, StrictUndefined):
        value._fail_with_undefined_error()
    if isinstance(value, Iterator):
        value = list(value)  # what `map` and `select` give
    if isinstance(value, str | list | tuple | dict) and len(value) > MAX_RESULT:
        raise TemplateMistake("the result is too large")
    return value


def evaluate(expression: str, context: Context) -> Any:
    """The value of an expression, as in `when:` and `for_each:`, with or without braces. Raises
    TemplateMistake."""
    try:
        return _bounded(_expression(_single_expression(expression) or expression)(**context))
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
    """A condition."""
    return bool(evaluate(expression, context))


def _chain(node: nodes.Node) -> Chain | None:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        before = _chain(node.node)
        return (*before, node.attr) if before else None
    if (
        isinstance(node, nodes.Getitem)
        and isinstance(node.arg, nodes.Const)
        and isinstance(node.arg.value, str)
    ):
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
    """The variables that a value's templates read, as chains such as ("inputs", "sim", "imsi"). Raises
    TemplateMistake.

    `condition` reads `value` as an expression."""
    if isinstance(value, Mapping):
        return set().union(*(names_used(part) for part in value.values()))
    if isinstance(value, list | tuple):
        return set().union(*(names_used(part) for part in value))
    if not isinstance(value, str) or not (condition or is_template(value)):
        return set()
    if condition:
        expression = _single_expression(value) or value
        _expression(expression)
        value = "{{ " + expression + " }}"
    return set(_chains_of(_parse(value)))
