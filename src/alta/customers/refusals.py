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
