"""Rules of access: which permission an address asks for. Each edge (pages, programming interface) keeps a table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alta.accounts.models import User
from alta.accounts.permissions import PERMISSIONS, roles_with
from alta.accounts.refusals import PERMISSION_MISSING
from alta.refusal import Refusal

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """Who may: anybody, whoever is signed in, or who has the permission. `own` is enough for what the person started:
    `owner` finds out who that was."""

    permission: str = ""
    own: str = ""
    owner: Callable[[Values], str | None] | None = None
    signed_in: bool = True

    def allows(self, user: User, started_by: Callable[[], str | None]) -> bool:
        """Whether a signed-in person may. Who started the thing is only asked where it decides."""
        if not self.permission or user.may(self.permission):
            return True
        return bool(self.own) and user.may(self.own) and started_by() == user.get_username()

    def refusal(self) -> Refusal:
        """Which permission is missing, and which roles bring it."""
        roles = ", ".join(str(role.label) for role in roles_with(self.permission))
        return PERMISSION_MISSING(permission=PERMISSIONS[self.permission], roles=roles)


ANYBODY = Rule(signed_in=False)
SIGNED_IN = Rule()
# The name of an address, then the method. HEAD is GET.
Table = Mapping[str, Mapping[str, Rule]]


def rule_for(table: Table, name: str, method: str | None) -> Rule | None:
    """The rule of an address; None where the table has none."""
    return table.get(name, {}).get("GET" if method == "HEAD" else method or "")


def check(rule: Rule, user: object, values: Values) -> None:
    """Refuses (`accounts.permission.missing`) a signed-in person who may not. Asking who somebody is comes before."""
    owner = rule.owner
    if isinstance(user, User) and not rule.allows(user, lambda: owner(values) if owner else None):
        raise rule.refusal()
