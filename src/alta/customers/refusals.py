"""What customer records refuse."""

from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

NOT_FOUND = RefusalKind("customer.not_found", _("There is no customer with ID {customer}"), 404)
NOT_OPEN = RefusalKind(
    "customer.not_open", _("{customer} cannot be served (status: {status}); reopen the customer first")
)
STATUS = RefusalKind("customer.status", _("{customer} cannot go from «{status}» to «{target}»"))
NAME_MISSING = RefusalKind("customer.name.missing", _("The customer needs a name"), 422)
VALUE = RefusalKind("customer.value", _("{field}: {reason}"), 422)
EMAIL_MALFORMED = RefusalKind("customer.email.malformed", _("«{email}» is not an e-mail address"), 422)
PHONE_MALFORMED = RefusalKind(
    "customer.phone.malformed",
    _("«{phone}» is not a phone number; write it with + and the country code"),
    422,
)
EXTERNAL_ID_TAKEN = RefusalKind(
    "customer.external_id.taken", _("Another customer already has the external id {external_id}")
)
PAYMENT_METHOD_MISSING = RefusalKind(
    "customer.payment_method.missing", _("{customer} has no default payment method; add one first")
)
PAYMENT_METHOD_EXPIRED = RefusalKind(
    "customer.payment_method.expired",
    _("The default payment method of {customer} has expired; add another one"),
)
PAYMENT_METHOD_NOT_FOUND = RefusalKind(
    "customer.payment_method.not_found", _("{customer} has no such payment method; reload the page"), 404
)
PAYMENT_METHOD_TAKEN = RefusalKind(
    "customer.payment_method.taken", _("Another customer already has this payment method")
)
MERGED = RefusalKind("customer.merged", _("{customer} has been merged into {into}; go on with {into}"), 409)
DUPLICATES = RefusalKind(
    "customer.duplicates",
    _("There are customers like this one already: {customers}. Choose one of them, or tick «Create anyway»."),
)
STATUS_REASON = RefusalKind(
    "customer.status.reason", _("Say why the status changes; the reason is kept"), 422
)
STATUS_UNKNOWN = RefusalKind(
    "customer.status.unknown", _("There is no status «{status}»; choose one of the list"), 422
)
MERGE_SAME = RefusalKind(
    "customer.merge.same", _("A customer can't be merged with itself; choose the other one"), 422
)
MERGE_GONE = RefusalKind(
    "customer.merge.gone",
    _("{customer} is archived, so nothing can be merged with it; choose an open customer"),
)
MERGE_CURRENCY = RefusalKind(
    "customer.merge.currency",
    _("{customer} pays in {currency} and {other} in {other_currency}; they can't share an account"),
)
MERGE_UNSURE = RefusalKind(
    "customer.merge.unsure", _("Tick that you have compared both customers: merging can't be undone"), 422
)
SITE_NOT_FOUND = RefusalKind(
    "customer.site.not_found", _("{customer} has no such site; choose one of the list or add it"), 404
)
SITE_NAME_TAKEN = RefusalKind(
    "customer.site.name_taken", _("{customer} already has a site called «{name}»; give this one another name")
)
CONTACT_NOT_FOUND = RefusalKind(
    "customer.contact.not_found", _("{customer} has no such contact; choose one of the list or add it"), 404
)
NOTE_EMPTY = RefusalKind(
    "customer.note.empty", _("The note is empty; write what the next one should know"), 422
)
TAG_EMPTY = RefusalKind("customer.tag.empty", _("Write the tag, or choose one of the list"), 422)

FIELD_MISSING = RefusalKind("customer.field.missing", _("{field} is missing; fill it in"), 422)
FIELD_SHAPE = RefusalKind(
    "customer.field.shape", _("{field}: «{value}» is not written as it should be; for example {example}"), 422
)
FIELD_INTEGER = RefusalKind("customer.field.integer", _("{field}: «{value}» is not a whole number"), 422)
FIELD_DATE = RefusalKind("customer.field.date", _("{field}: «{value}» is not a date such as 2025-12-31"), 422)
FIELD_CHOICE = RefusalKind("customer.field.choice", _("{field}: «{value}» is not one of: {choices}"), 422)
FIELD_TOO_LONG = RefusalKind(
    "customer.field.too_long", _("{field} has more than {limit} characters; shorten it"), 422
)
FIELD_UNKNOWN = RefusalKind(
    "customer.field.unknown", _("There is no field «{field}» here; reload the page"), 422
)
FIELD_NOT_FOUND = RefusalKind(
    "customer.field.not_found", _("There is no such field. Go back to the list of fields."), 404
)
FIELD_EXISTS = RefusalKind(
    "customer.field.exists", _("There is a field «{field}» already; change that one, or choose another name")
)
FIELD_DEFINITION = RefusalKind(
    "customer.field.definition", _("The field «{field}» can't be defined so: {reason}"), 422
)

FILE_UNREADABLE = RefusalKind("customer.import.unreadable", _("The file {file} cannot be read"), 422)
FILE_TOO_LARGE = RefusalKind(
    "customer.import.too_large", _("The file is larger than {megabytes} MB; split it"), 413
)
FILE_HEADER = RefusalKind(
    "customer.import.header", _("The first line must name the columns, and one of them external_id"), 422
)
FILE_COLUMN_TWICE = RefusalKind("customer.import.column_twice", _("The column {column} appears twice"), 422)
ROW_ENCODING = RefusalKind("customer.import.encoding", _("The line is not UTF-8 text"), 422)
ROW_UNREADABLE = RefusalKind(
    "customer.import.unreadable_row", _("The line is too long or its quotes are not closed"), 422
)
ROW_COLUMNS = RefusalKind(
    "customer.import.columns", _("The line has {found} columns instead of {expected}"), 422
)
ROW_ID_MISSING = RefusalKind("customer.import.id_missing", _("The line has no customer id"), 422)
ROW_ID_TWICE = RefusalKind(
    "customer.import.id_twice", _("The customer id {external_id} is already on line {line}"), 422
)
ROW_NUMBER = RefusalKind("customer.import.number", _("{column}: «{value}» is not an amount"), 422)
ROW_CHOICE = RefusalKind("customer.import.choice", _("{column}: «{value}» is not one of {choices}"), 422)
ROW_TOO_LONG = RefusalKind("customer.import.too_long", _("{column} has more than {limit} characters"), 422)
