"""E-mails from templates.

A template is two files in `templates/<language>/`: `<name>.txt`, whose first line is `Subject: …`, and
`<name>.html`. They are Jinja2 in a sandbox, and a variable that isn't there is an error. `sender` is always
there: the name behind the address.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alta.connectors.contract import Permanent
from alta.refusal import RefusalKind

NO_TEMPLATE = RefusalKind(
    "mail.no_template", _("There is no e-mail template «{template}» for the language «{language}»"), 422
)
TEMPLATE_FAILED = RefusalKind(
    "mail.template_failed", _("The e-mail template «{template}» can't be filled in: {reason}"), 422
)
LINE_BREAK = RefusalKind(
    "mail.line_break", _("The subject of the e-mail «{template}» would hold a line break"), 422
)

TEMPLATES = Path(__file__).parent / "templates"


def message_id(key: str, sender: Address) -> str:
    """The same for every attempt of the same task, so that a mail sent twice is seen to be one."""
    local = key
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)*", key, re.ASCII):
        readable = re.sub(r"[^\w-]+", "-", key, flags=re.ASCII).strip("-")
        local = f"{readable}.{hashlib.sha256(key.encode()).hexdigest()[:12]}".lstrip(".")
    return f"<{local}@{sender.domain}>"


class Composer:
    """Writes the messages of one sender. It is pure but for reading templates."""

    def __init__(self, sender: Address, templates: Path = TEMPLATES) -> None:
        self.sender = sender
        self._jinja = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(templates),
            undefined=StrictUndefined,
            autoescape=select_autoescape(["html"], default_for_string=False),
        )

    def compose(
        self, to: str, template: str, context: Mapping[str, Any], language: str, key: str
    ) -> EmailMessage:
        values = {**context, "sender": self.sender.display_name or self.sender.domain}
        try:
            subject, text, html = self._fill_in(f"{language}/{template}", values)
        except TemplateNotFound as error:
            raise Permanent(NO_TEMPLATE, template=template, language=language) from error
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise Permanent(TEMPLATE_FAILED, template=template, reason=str(error)) from error
        if len(subject.splitlines()) > 1:
            raise Permanent(LINE_BREAK, template=template)
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = Address(addr_spec=to)
        message["Subject"] = subject
        message["Date"] = localtime()
        message["Message-ID"] = message_id(key, self.sender)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        message["Content-Language"] = language  # the content's headers would have gone with the text
        return message

    def _fill_in(self, name: str, values: Mapping[str, Any]) -> tuple[str, str, str]:
        """Subject, text and HTML. The subject is filled in apart, so that a value can't end it."""
        source = self._jinja.loader.get_source(self._jinja, f"{name}.txt")[0]  # type: ignore[union-attr]
        first, _end, rest = source.partition("\n")
        if not first.startswith("Subject:"):
            raise ValueError("the first line isn't «Subject: …»")
        subject = self._jinja.from_string(first.removeprefix("Subject:").strip()).render(values)
        text = self._jinja.from_string(rest.lstrip("\n")).render(values)
        return subject, text, self._jinja.get_template(f"{name}.html").render(values)
