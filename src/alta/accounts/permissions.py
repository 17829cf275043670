"""Who may do what. A permission is one thing that Alta can be asked for; a role is a set of them; somebody with several roles
may do what any of them may. The table is data: the web and the programming interface read it, and so does the manual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PERMISSIONS: Mapping[str, Promise] = {
    "catalogue.view": _("see the catalogue"),
    "catalogue.edit": _("change products and prices"),
    "customers.view": _("see customers"),
    "customers.edit": _("create and change customers"),
    "customers.merge": _("merge customers"),
    "payments.view": _("see charges and payments"),
    "payments.take": _("take payments"),
    "payments.refund": _("give money back"),
    "orders.assign": _("assign plans"),
    "services.view": _("see services"),
    "services.change": _("change services"),
    "services.terminate": _("end services"),
    "stock.view": _("see stock"),
    "stock.edit": _("receive, move and change stock"),
    "stock.define": _("define kinds of stock"),
    "installations.view": _("see installations"),
    "installations.work": _("do installations"),
    "installations.plan": _("plan installations and give them to technicians"),
    "jobs.view": _("see provisioning"),
    "jobs.wire": _("see what was said to other systems"),
    "jobs.retry": _("retry a provisioning"),
    "jobs.edit": _("change the values of a provisioning"),
    "jobs.skip": _("skip a task"),
    "jobs.cancel": _("cancel anybody's provisioning"),
    "jobs.undo": _("undo anybody's assignment"),
    "jobs.undo_own": _("cancel and undo one's own assignments"),
    "playbooks.publish": _("publish playbooks"),
    "users.manage": _("administer people and their roles"),
    "settings.edit": _("change the settings of the house"),
}


class Role(TextChoices):
    """What somebody is in the house."""

    AGENT = "agent", _("Agent")
    SUPERVISOR = "supervisor", _("Supervisor")
    STOCK_KEEPER = "stock_keeper", _("Stock keeper")
    ENGINEER = "engineer", _("Engineer")
    TECHNICIAN = "technician", _("Technician")
    ADMINISTRATOR = "administrator", _("Administrator")


SEEING = frozenset(
    {"catalogue.view", "customers.view", "payments.view", "services.view", "stock.view", "jobs.view"}
)
AGENT = SEEING | {
    "customers.edit",
    "payments.take",
    "orders.assign",
    "services.change",
    "installations.view",
    "installations.plan",  # who agreed on the day with the customer may change it
    "jobs.retry",
    "jobs.undo_own",
}
GRANTS: Mapping[str, frozenset[str]] = {
    Role.AGENT: AGENT,
    Role.SUPERVISOR: AGENT
    | {
        "customers.merge",
        "payments.refund",
        "services.terminate",
        "installations.work",
        "jobs.skip",
        "jobs.cancel",
        "jobs.undo",
    },
    Role.STOCK_KEEPER: frozenset({"catalogue.view", "stock.view", "stock.edit", "stock.define"}),
    Role.ENGINEER: (SEEING - {"payments.view"})
    | {
        "catalogue.edit",
        "stock.define",
        "jobs.wire",
        "jobs.retry",
        "jobs.edit",
        "jobs.skip",
        "playbooks.publish",
    },
    Role.TECHNICIAN: frozenset({"installations.view", "installations.work"}),
    Role.ADMINISTRATOR: SEEING | {"installations.view", "catalogue.edit", "users.manage", "settings.edit"},
}


def rights(roles: Iterable[str], *, superuser: bool = False) -> frozenset[str]:
    """Everything that somebody with these roles may do. Roles of a later version grant nothing here."""
    if superuser:
        return frozenset(PERMISSIONS)
    return frozenset().union(*(GRANTS.get(role, frozenset()) for role in roles))


def roles_with(permission: str) -> list[Role]:
    """The roles that bring a permission, in the order of the roles."""
    return [role for role in Role if permission in GRANTS[role]]
