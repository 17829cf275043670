"""Filters and tags of our pages."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import phonenumbers
from django import template
from django.templatetags.static import static
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alta.accounts.access import rule_for
from alta.accounts.models import User
from alta.money import format_amount
from alta.refusal import describe
from alta.web import labels, permissions
from alta.web.labels import word

register = template.Library()

# The drawing that stands for a task's state: ✓ ⟳ ⏺ ✗ and their like, which not every font has.
TASK_SIGNS = {
    "pending": "todo",
    "ready": "todo",
    "running": "running",
    "waiting": "waiting",
    "done": "done",
    "failed": "failed",
    "ignored": "failed",
    "skipped": "skipped",
    "cancelled": "stopped",
    "undone": "undone",
}
STATE_COLOURS = {
    "active": "green",
    "on_sale": "green",
    "scheduled": "blue",
    "unready": "red",
    "new": "green",
    "in_stock": "green",
    "quarantined": "yellow",
    "done": "green",
    "completed": "green",
    "reserved": "blue",
    "queued": "blue",
    "running": "blue",
    "inProgress": "blue",
    "draft": "blue",
    "waiting": "yellow",
    "cancelling": "yellow",
    "undoing": "yellow",
    "suspended": "yellow",
    "failed": "red",
    "held": "red",
    "authorised": "blue",
    "declined": "red",
    "planned": "yellow",
    "assigned": "blue",
}


@register.filter
def money(minor: int, currency: str) -> str:
    """1500 of GBP as £15.00."""
    return format_amount(minor, currency)


@register.filter
def absolute(amount: int) -> int:
    """An amount without its sign, for where words say which way it goes."""
    return abs(amount)


@register.filter
def in_language(texts: Any) -> str:
    """One of a text's two languages: that of the reader."""
    if not isinstance(texts, dict):
        return str(texts or "")
    return str(texts.get((get_language() or "es")[:2]) or texts.get("es") or "")


@register.filter
def problem(error: Any) -> str:
    """A stored error as a sentence for people."""
    if not isinstance(error, dict):
        return ""
    return describe(error.get("code", ""), error.get("params", {}), error.get("detail", ""))


@register.filter
def action_name(code: str) -> str:
    """What happened, in words."""
    return word(labels.ACTIONS, code)


@register.filter
def long_day(day: date | None) -> str:
    """A day with its weekday, as it is said: jueves 26 de noviembre de 2026."""
    if day is None:
        return ""
    words = f"{date_format(day, 'l')} {date_format(day, 'DATE_FORMAT')}"
    return words.lower() if get_language() == "es" else words


@register.filter
def work_order_move(move: str) -> str:
    """What happened to a work order, in words."""
    return word(labels.ACTIONS, f"work_order.{move}")


@register.filter
def source_name(code: str) -> str:
    return word(labels.SOURCES, code)


@register.filter
def phase_name(code: str) -> str:
    return word(labels.PHASES, code)


@register.filter
def outcome_name(code: str) -> str:
    return word(labels.OUTCOMES, code)


@register.filter
def each_period(period: str) -> str:
    """How often a recurring price is paid: a month."""
    return word(labels.EACH_PERIOD, period)


@register.filter
def feature_name(name: str) -> str:
    """What a product's feature is called; one that nobody named is shown by its own name."""
    return word(labels.FEATURES, name).replace("_", " ")


@register.filter
def feature_value(value: Any) -> str:
    """The value of a feature as people read it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@register.filter
def in_reading_order(features: dict[str, Any]) -> list[tuple[str, Any]]:
    """Features with their values, those that have a name of ours first, in its order."""
    known = {name: place for place, name in enumerate(labels.FEATURES)}
    return sorted(features.items(), key=lambda one: (known.get(one[0], len(known)), one[0]))


@register.filter
def system_name(title: str) -> str:
    """An outside system as people call it."""
    return word(labels.SYSTEMS, title)


@register.filter
def item_reason(text: str) -> str:
    """Why an item moved."""
    return word(labels.ITEM_REASONS, text)


@register.filter
def value_of(values: Any, name: str) -> str:
    """The value of a field; a dash where there is none."""
    return str(values.get(name) or "—")


@register.filter
def pretty(value: Any) -> str:
    """A value as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False)


@register.filter
def phone(e164: str) -> str:
    """+447700900123 as +44 7700 900123; what is no number stays as it is."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    if not phonenumbers.is_possible_number(number):
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@register.filter
def short(text: str) -> str:
    """The two ends of a long number: 8944...0001."""
    text = str(text)
    return f"{text[:4]}...{text[-4:]}" if len(text) > 11 else text


@register.simple_tag(takes_context=True)
def allowed(context: template.Context, name: str, started_by: str = "", method: str = "POST") -> bool:
    """Whether the reader may use an address: `{% allowed "job_undo" job.started_by as may_undo %}`. The server asks the same
    table when the button is pressed."""
    rule, user = rule_for(permissions.TABLE, name, method), context["request"].user
    return rule is not None and isinstance(user, User) and rule.allows(user, lambda: started_by)


@register.simple_tag
def duration(begin: datetime | None, end: datetime | None) -> str:
    """The time between two instants: 0.3 s, 4 min 5 s, 2 h 10 min."""
    if begin is None or end is None:
        return ""
    seconds = max(0.0, (end - begin).total_seconds())
    if seconds < 60:
        return f"{number_format(round(seconds, 1), decimal_pos=1)} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return _("{days} days").format(days=hours // 24)


@register.simple_tag
def sign(state: str) -> SafeString:
    """The sign of a task's state, hidden from screen readers: its name stands beside it."""
    name = TASK_SIGNS[state]
    return format_html(
        '<svg class="sign sign-{}" aria-hidden="true"><use href="{}#sign-{}"/></svg>',
        name,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def state_badge(state: str, label: str) -> SafeString:
    """A state as a coloured pill, with its name."""
    return format_html(
        '<span class="badge state state-{}">{}</span>', STATE_COLOURS.get(state, "grey"), label
    )


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: str) -> str:
    """This page's address with some of its parameters changed; an empty one is left out."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value:
            query[name] = value
        else:
            query.pop(name, None)
    return f"?{query.urlencode()}"
