"""Whether a product could be provisioned: what its playbook asks for against what the product gives. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from alta.catalog.refusals import (
    FEATURE_INVALID,
    FEATURE_MISSING,
    ITEM_MISSING,
    ITEM_OPTIONAL,
    ITEM_OTHER_TEMPLATE,
    ITEM_UNKNOWN,
    PLAYBOOK_BROKEN,
    PLAYBOOK_NOT_PUBLISHED,
    PLAYBOOK_OTHER_USE,
)
from alta.playbooks.definitions import Definition
from alta.playbooks.language import AppliesTo, Input, Playbook
from alta.playbooks.values import valid_value
from alta.refusal import Refusal

CREATE = "create"


@dataclass(frozen=True)
class Taken:
    """A piece of stock that the product takes: the input that it fills, the name of its template, and whether an
    assignment can't do without."""

    name: str
    template: str
    required: bool


@dataclass(frozen=True)
class Recipe:
    """What provisioning depends on. `playbooks` are names by verb."""

    service_type: str
    kind: str
    features: Mapping[str, Any]
    items: Sequence[Taken]
    playbooks: Mapping[str, str]


def shortcomings(recipe: Recipe, published: Mapping[str, Definition]) -> list[Refusal]:
    """Every reason why the product could not be provisioned, all at once; empty where it could be. A product without
    playbook has none: it waits for one, and isn't on sale."""
    return [
        reason
        for verb, name in recipe.playbooks.items()
        if name
        for reason in _of_playbook(recipe, verb, name, published.get(name))
    ]


def _of_playbook(recipe: Recipe, verb: str, name: str, found: Definition | None) -> Iterator[Refusal]:
    if found is None:
        yield PLAYBOOK_NOT_PUBLISHED(playbook=name)
        return
    for mistake in found.mistakes:
        yield PLAYBOOK_BROKEN(playbook=name, mistake=mistake)
    if found.playbook is None:
        return
    if not applies(found.playbook.applies_to, recipe.service_type, recipe.kind, verb):
        yield PLAYBOOK_OTHER_USE(
            playbook=name,
            wanted=use(found.playbook.applies_to),
            found=_use(recipe.service_type, recipe.kind, verb),
        )
    elif verb == CREATE:
        yield from _items(recipe, found.playbook)
        yield from _values(recipe, found)


def applies(to: AppliesTo, service_type: str, kind: str, verb: str) -> bool:
    """Whether a playbook that applies to this is for such a product."""
    return to.verb == verb and to.service_type in (None, service_type) and to.category in (None, kind)


def use(to: AppliesTo) -> str:
    """What a playbook is for, in a few words."""
    return _use(to.service_type, to.category, to.verb)


def _use(service_type: str | None, kind: str | None, verb: str) -> str:
    return " · ".join([service_type or _("any service type"), kind or _("any kind"), verb])


def _items(recipe: Recipe, playbook: Playbook) -> Iterator[Refusal]:
    given = {item.name: item for item in recipe.items}
    wanted = {name: spec for name, spec in playbook.inputs.items() if spec.inventory}
    for name, spec in wanted.items():
        item = given.get(name)
        if item is None and spec.required:
            yield ITEM_MISSING(input=name, template=spec.inventory)
        elif item is not None and item.template != spec.inventory:
            yield ITEM_OTHER_TEMPLATE(input=name, wanted=spec.inventory, found=item.template)
        elif item is not None and spec.required and not item.required:
            yield ITEM_OPTIONAL(input=name)
    for name in given:
        if name not in wanted:
            yield ITEM_UNKNOWN(input=name)


def _values(recipe: Recipe, found: Definition) -> Iterator[Refusal]:
    assert found.playbook is not None
    inputs = found.playbook.inputs
    for name, spec in inputs.items():
        if not spec.inventory:
            yield from _value(name, spec, recipe.features.get(name))
    for chain in sorted(found.reads):
        if chain[:2] == ("product", "features") and len(chain) > 2 and chain[2] not in recipe.features:
            yield FEATURE_MISSING(input=chain[2])


def _value(name: str, spec: Input, feature: Any) -> Iterator[Refusal]:
    """The product's feature is what an input gets at a sale; else the playbook's default."""
    value = spec.default if feature is None else feature
    if value is None:
        if spec.required:
            yield FEATURE_MISSING(input=name)
        return
    try:
        valid_value(name, spec, value)
    except Refusal:
        yield FEATURE_INVALID(input=name, value=value, expected=expected(spec))


def expected(spec: Input) -> str:
    """What an input takes, in a few words: integer, from 1, up to 100."""
    words = [str(spec.type)]
    if spec.min is not None:
        words.append(_("from {number}").format(number=f"{spec.min:g}"))
    if spec.max is not None:
        words.append(_("up to {number}").format(number=f"{spec.max:g}"))
    if spec.choices is not None:
        words.append(_("one of {choices}").format(choices=", ".join(map(str, spec.choices))))
    return ", ".join(words)
