from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

UNAUTHENTICATED = RefusalKind(
    "api.unauthenticated", _("Who are you? Send a valid API key as «Authorization: Bearer …»."), 401
)
MALFORMED = RefusalKind("api.malformed", _("«{field}» makes no sense here: {reason}"), 422)
