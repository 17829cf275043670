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
ITEM_IDENTIFIER_MISSING = RefusalKind(
    "inventory.item.identifier_missing", _("The identifier is missing; type or scan it"), 422
)
ITEM_IDENTIFIER = RefusalKind(
    "inventory.item.identifier",
    _("The identifier «{value}» is wrong: at most 64 letters, digits and signs"),
    422,
)
ITEM_LOCATION = RefusalKind(
    "inventory.item.location", _("The location has at most 120 characters, and none that can't be seen"), 422
)
ITEM_LOCATION_MISSING = RefusalKind(
    "inventory.item.location_missing", _("The new location is missing; write where the items are"), 422
)
ITEM_DIFFERS = RefusalKind(
    "inventory.item.differs",
    _("{item} is in stock already, with another {field}; correct the row or leave it out"),
)
ITEM_TWICE = RefusalKind(
    "inventory.item.twice", _("Line {line} has {value} already; leave one of the two out")
)
ITEMS_NONE = RefusalKind("inventory.items.none", _("Nothing is selected; select at least one item"), 422)
ITEMS_TOO_MANY = RefusalKind(
    "inventory.items.too_many", _("More than {most} items at once; select fewer"), 422
)
ITEM_NOT_MOVABLE = RefusalKind(
    "inventory.item.not_movable",
    _("{item} is in the state «{state}» and not on a shelf; leave it out"),
)
REASON_MISSING = RefusalKind(
    "inventory.reason_missing", _("The reason is missing; write it in a few words"), 422
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
TEMPLATE_IN_USE = RefusalKind(
    "inventory.template.in_use",
    _("There are items already, so the field {field} stays as it is; only optional fields can be added"),
)
TEMPLATE_LABELS = RefusalKind(
    "inventory.template.labels", _("The names are missing or longer than 80 characters"), 422
)
TEMPLATE_LOW_STOCK = RefusalKind(
    "inventory.template.low_stock", _("The low-stock threshold is a number from 0 to 1,000,000"), 422
)
FILE_NOT_FOUND = RefusalKind(
    "inventory.file.not_found", _("This file is not kept any more; upload it again"), 404
)
FILE_EMPTY = RefusalKind(
    "inventory.file.empty", _("The file has no rows; below its header it needs one for each item"), 422
)
FILE_MISSING = RefusalKind("inventory.file.missing", _("No file was chosen; choose a CSV file"), 422)
FILE_TOO_LARGE = RefusalKind(
    "inventory.file.too_large", _("The file is larger than {megabytes} MB; split it"), 413
)
FILE_TOO_LONG = RefusalKind("inventory.file.too_long", _("The file has more than {most} rows; split it"), 422)
FILE_ENCODING = RefusalKind(
    "inventory.file.encoding",
    _("The file is not UTF-8 text; save it in your spreadsheet as «CSV UTF-8»"),
    422,
)
FILE_UNREADABLE = RefusalKind(
    "inventory.file.unreadable", _("Line {line} is not valid CSV; check its quotation marks"), 422
)
FILE_COLUMNS_UNKNOWN = RefusalKind(
    "inventory.file.columns_unknown",
    _("The columns {columns} are unknown; the first line may have: {expected}"),
    422,
)
FILE_COLUMNS_MISSING = RefusalKind(
    "inventory.file.columns_missing",
    _("The columns {columns} are missing; the first line may have: {expected}"),
    422,
)
FILE_COLUMN_TWICE = RefusalKind(
    "inventory.file.column_twice", _("The first line has the column {column} twice"), 422
)
ROW_COLUMNS = RefusalKind(
    "inventory.row.columns", _("This row has {found} cells where the first line has {expected}"), 422
)
