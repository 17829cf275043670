"""Words for codes that the screens show: what happened, where a value came from, how a try went."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = Mapping[str, str | Promise]

EACH_PERIOD: Words = {"day": _("a day"), "week": _("a week"), "month": _("a month"), "year": _("a year")}

# What the playbooks that come with Alta take as features.
FEATURES: Words = {
    "data_gb": _("Data (GB)"),
    "down_mbps": _("Download (Mbps)"),
    "up_mbps": _("Upload (Mbps)"),
    "channels": _("Channels"),
    "package": _("Channel package"),
    "lines": _("Lines"),
    "minutes": _("Minutes"),
}

ACTIONS: Words = {
    "catalog.product.created": _("Product added"),
    "catalog.product.changed": _("Product saved"),
    "catalog.product.enabled": _("Product enabled"),
    "catalog.product.disabled": _("Product disabled"),
    "catalog.version.in_force": _("Version came into force"),
    "catalog.version.withdrawn": _("Version withdrawn"),
    "catalog.area.added": _("Coverage area added"),
    "catalog.area.removed": _("Coverage area removed"),
    "catalog.service_type.created": _("Service type added"),
    "catalog.service_type.changed": _("Service type changed"),
    "catalog.service_type.removed": _("Service type removed"),
    "customer.created": _("Customer created"),
    "customer.changed": _("Customer changed"),
    "customer.status_changed": _("Customer's status changed"),
    "customer.payment_method.added": _("Payment method added"),
    "customer.payment_method.default": _("Default payment method chosen"),
    "inventory.template.created": _("Inventory template created"),
    "inventory.template.changed": _("Inventory template changed"),
    "inventory.items.added": _("Items added"),
    "inventory.items.carried": _("Items carried to another location"),
    "inventory.items.stock": _("Items put in stock"),
    "inventory.items.retire": _("Items retired"),
    "inventory.file.imported": _("Items imported from a file"),
    "customer.site.added": _("Site added"),
    "customer.site.changed": _("Site changed"),
    "customer.contact.added": _("Contact added"),
    "customer.contact.changed": _("Contact changed"),
    "customer.note.added": _("Note written"),
    "customer.tag.added": _("Tag put on"),
    "customer.tag.removed": _("Tag taken off"),
    "customer.merged": _("Another customer merged into this one"),
    "customer.merged_into": _("Merged into another customer"),
    "billing.authorised": _("Payment authorised"),
    "billing.captured": _("Payment taken"),
    "billing.voided": _("Payment voided"),
    "billing.refunded": _("Payment refunded"),
    "billing.declined": _("Payment declined"),
    "billing.charged": _("Charged"),
    "billing.credited": _("Credited"),
    "renewal.paid": _("Renewed"),
    "renewal.declined": _("Renewal declined"),
    "renewal.unpaid": _("Renewal given up: to be suspended"),
    "renewal.notified": _("Renewal declined: ends with its term"),
    "renewal.asked": _("Renewal asked for"),
    "renewal.ended": _("Renewal ended"),
    "renewal.retried": _("Renewal tried again"),
    "installation.pending": _("Installation to be agreed"),
    "installation.confirmed": _("Installation date confirmed"),
    "installation.released": _("Installation date given up"),
    "work_order.open": _("Work order opened"),
    "work_order.assign": _("Work order given to a technician"),
    "work_order.unassign": _("Work order taken off a technician"),
    "work_order.reschedule": _("Installation moved to another date"),
    "work_order.start": _("Installation begun"),
    "work_order.complete": _("Installation completed"),
    "work_order.hold": _("Installation was not possible"),
    "work_order.cancel": _("Work order cancelled"),
    "work_order.reopen": _("Work order opened again"),
    "work_order.take_back": _("Assignment undone after the installation"),
    "job.started": _("Provisioning started"),
    "job.retried": _("Retried"),
    "job.cancelled": _("Cancelling requested"),
    "job.undone": _("Undo requested"),
    "order.confirmed": _("Assignment confirmed"),
    "order.begun": _("Part of a bundle begun"),
    "order.completed": _("Assignment completed"),
    "order.held": _("Assignment needs attention"),
    "order.cancelled": _("Assignment cancelled"),
    "customer.document_added": _("Document added"),
    "customer.document_removed": _("Document removed"),
    "service.created": _("Service created"),
    "service.active": _("Service activated"),
    "service.extended": _("Term extended"),
    "service.suspended": _("Service suspended"),
    "service.inactive": _("Service expired"),
    "service.terminated": _("Service ended"),
    "service.plan_changed": _("Plan changed"),
    "service.moved": _("Service moved"),
    "service.items_replaced": _("Inventory replaced"),
    "service.addon_added": _("Add-on added"),
    "service.addon_ended": _("Add-on ended"),
    "service.auto_renew": _("Automatic renewal switched"),
    "task.completed": _("Task completed by a person"),
    "task.event": _("Task continued by an event"),
    "task.skipped": _("Task skipped"),
    "user.created": _("Person added"),
    "user.changed": _("Name or e-mail changed"),
    "user.roles_changed": _("Roles changed"),
    "user.activated": _("Activated again"),
    "user.deactivated": _("Deactivated"),
    "user.language_chosen": _("Language chosen"),
    "user.password_changed": _("Password changed"),
    "user.password_given": _("New password by an administrator"),
    "user.recovery_code_used": _("Signed in with a recovery code"),
    "user.recovery_codes_renewed": _("New recovery codes"),
    "user.session_ended": _("Session ended"),
    "user.signed_in": _("Signed in"),
    "user.two_factor_off": _("Second factor turned off"),
    "user.two_factor_on": _("Second factor turned on"),
    "user.two_factor_reset": _("Second factor reset by an administrator"),
    "api_key.created": _("Program's key created"),
    "api_key.revoked": _("Program's key revoked"),
    "customer.field.created": _("Custom field added"),
    "customer.field.changed": _("Custom field changed"),
    "customer.field.moved": _("Custom field moved"),
    "customer.field.activated": _("Custom field asked for again"),
    "customer.field.deactivated": _("Custom field asked for no more"),
    "renewal.schedule": _("Renewal schedule changed"),
}
SOURCES: Words = {
    "order": _("the assignment"),
    "product": _("the product"),
    "playbook": _("the playbook"),
    "edited": _("edited by a person"),
    "form": _("a form"),
    "api": _("a program"),
    "absent": _("not given"),
}
PHASES: Words = {
    "do": pgettext_lazy("try", "Doing"),
    "verify": pgettext_lazy("try", "Verifying"),
    "undo": pgettext_lazy("try", "Undoing"),
}
OUTCOMES: Words = {
    "": pgettext_lazy("try", "under way"),
    "done": pgettext_lazy("try", "worked"),
    "failed": pgettext_lazy("try", "failed"),
    "interrupted": pgettext_lazy("try", "interrupted: its worker died"),
}
# What connectors call their systems, where that is no name of its own.
SYSTEMS: Words = {
    "payments": pgettext_lazy("system", "payments"),
    "e-mail": pgettext_lazy("system", "e-mail"),
}
# Why an item moved by itself; people's own reasons stand as they wrote them.
ITEM_REASONS: Words = {
    "reservation expired": _("the reservation expired"),
    "quarantine ended": _("the quarantine ended"),
    "order taken back": _("the assignment was taken back"),
}


def word(words: Words, code: str) -> str:
    """The words for a code; the code itself where somebody's playbook brought a new one."""
    return str(words.get(code, code))
