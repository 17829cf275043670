"""What the stock refuses."""

from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

ITEM_NOT_FOUND = RefusalKind(
    "inventory.item.not_found", _("There is no inventory item {item}; look it up again"), 404
)
ITEM_HELD = RefusalKind(
    "inventory.item.held", _("{item} has just been taken by somebody else; choose another one")
)
ITEM_UNAVAILABLE = RefusalKind(
    "inventory.item.unavailable", _("{item} is not available (state: {state}); choose another one")
)
ITEM_MOVE = RefusalKind(
    "inventory.item.move", _("{item} is in the state «{state}», which does not allow this; reload the page")
)
ITEM_EXISTS = RefusalKind(
    "inventory.item.exists", _("{template} already has an item {value}; correct it or leave it out")
)
ITEM_VALUE = RefusalKind("inventory.item.value", _("{item}: {field} «{value}» is wrong: {reason}"), 422)
ITEM_VALUE_MISSING = RefusalKind("inventory.item.value_missing", _("{item}: {field} is required"), 422)
ITEM_FIELD_UNKNOWN = RefusalKind(
    "inventory.item.field_unknown", _("{item}: this kind of item has no field {field}"), 422
)
TEMPLATE_NOT_FOUND = RefusalKind(
    "inventory.template.not_found", _("There is no inventory template {template}"), 404
)
TEMPLATE_EXISTS = RefusalKind(
    "inventory.template.exists", _("There is already an inventory template {name}; choose another name")
)
TEMPLATE_FIELDS = RefusalKind(
    "inventory.template.fields", _("The fields of the inventory template are wrong: {reason}"), 422
)
