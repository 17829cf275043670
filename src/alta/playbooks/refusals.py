from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

INPUT_INVALID = RefusalKind("job.input.invalid", _("«{value}» is no valid value for «{input}»."), 422)
