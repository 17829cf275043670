from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

NOT_FOUND = RefusalKind("document.not_found", _("There is no such document of this customer."), 404)
FILE_MISSING = RefusalKind("document.file_missing", _("Choose a file first."), 422)
FILE_EMPTY = RefusalKind("document.file_empty", _("The file «{name}» is empty; choose another."), 422)
TOO_LARGE = RefusalKind(
    "document.too_large", _("A document has at most {megabytes} MB; make it smaller or split it."), 422
)
WRONG_TYPE = RefusalKind(
    "document.wrong_type", _("«{name}» can't be kept. Save it as one of these: {endings}"), 422
)
WRONG_KIND = RefusalKind("document.wrong_kind", _("Choose what kind of document it is."), 422)
THERE_ALREADY = RefusalKind("document.there_already", _("This very file is there already, as «{name}»."))
LOST = RefusalKind(
    "document.lost", _("The file of «{name}» is missing in the store. Tell whoever runs Alta."), 404
)
