"""Sends e-mail to customers and contacts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Annotated, Any, Literal

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPTimeoutError,
)
from pydantic import AfterValidator, Field, SecretStr

from alta.connectors.contract import (
    OVERLOADED,
    Call,
    Connector,
    ConnectorError,
    ConnectorSettings,
    Health,
    Output,
    Params,
    Transient,
    action,
)
from alta.connectors.mail.compose import Composer


def _address(text: str) -> str:
    """One mailbox, nothing else: a line break or a comma would make headers or recipients of its own."""
    try:
        address = Address(addr_spec=text)
    except (MessageError, ValueError, IndexError) as error:
        raise ValueError("not an e-mail address") from error
    if not (address.username and address.domain) or any(c.isspace() or not c.isprintable() for c in text):
        raise ValueError("not an e-mail address")
    return text


def _mailbox(text: str) -> str:
    """An address, or a name with one."""
    _address(parseaddr(text)[1])
    if not text.isprintable():
        raise ValueError("a name holds no line breaks")
    return text


class MailSettings(ConnectorSettings):
    """`sender` is an address, or a name with an address: `Alta Telecom <alta@isp.example>`."""

    host: str
    port: int = 25
    username: str | None = None
    password: SecretStr | None = None
    tls: Literal["none", "starttls", "tls"] = "starttls"
    sender: Annotated[str, AfterValidator(_mailbox)]


class Letter(Params):
    to: Annotated[str, AfterValidator(_address)]
    template: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")]
    context: dict[str, Any] = {}
    language: Literal["es", "en"] | None = None


class Sent(Output):
    message_id: str


class Mail(Connector):
    name = "mail"
    title = "e-mail"
    Settings = MailSettings
    settings: MailSettings

    def __init__(self, settings: MailSettings) -> None:
        super().__init__(settings)
        display, address = parseaddr(settings.sender)
        self.composer = Composer(Address(display, addr_spec=address))

    @action()
    async def send(self, params: Letter, call: Call) -> Sent:
        """Sends the e-mail of a template (`welcome`, …) to one address, as text and HTML.

        `context` fills the template in; a variable that it needs and isn't there is an error, as is an
        unknown template. `language` is the task's where it isn't given. Refused for good by 5xx answers, a
        log-in that fails, or an address the server doesn't take; 4xx answers and lost connections are tried
        again. A crash between sending and noting it sends the mail again with the same Message-ID, which mail
        systems use to show it once.
        """
        language = params.language or call.language
        message = self.composer.compose(params.to, params.template, params.context, language, call.key)
        identifier = str(message["Message-ID"])
        call.sent({"to": params.to, "subject": str(message["Subject"]), "message_id": identifier})
        try:
            async with self._session(call.timeout) as server:
                _refused, answer = await server.send_message(message)
        except (SMTPException, OSError) as error:
            raise self._failure(error) from error
        call.received(answer)
        return Sent(message_id=identifier)

    async def health(self) -> Health:
        """Greets the server, logs in where there is a user, and asks for nothing."""
        begin = time.perf_counter()
        try:
            async with self._session(4) as server:
                answer = await server.noop()
        except (SMTPException, OSError) as error:
            return Health(False, f"{type(error).__name__} {error}".strip())
        return Health(True, str(answer), (time.perf_counter() - begin) * 1000)

    @asynccontextmanager
    async def _session(self, seconds: float) -> AsyncIterator[SMTP]:
        """A session that ends within the time. Taking leave may fail: the mail has gone out by then."""
        where = self.settings
        server = SMTP(
            hostname=where.host,
            port=where.port,
            username=where.username,
            password=where.password.get_secret_value() if where.password else None,
            use_tls=where.tls == "tls",
            start_tls=where.tls == "starttls",
            timeout=seconds,
        )
        try:
            async with asyncio.timeout(seconds):
                await server.connect()
                yield server
            with suppress(SMTPException, OSError):
                await server.quit(timeout=1)
        finally:
            server.close()

    def _failure(self, error: Exception) -> ConnectorError:
        if isinstance(error, SMTPRecipientsRefused):
            error = error.recipients[0]
        match error:
            case SMTPResponseException(code=code, message=text) if 400 <= code < 500:
                return Transient(OVERLOADED, detail=f"{code} {text}", system=self.title)
            case SMTPResponseException(code=code, message=text):
                return self.rejected(f"{code} {text}")
            case SMTPTimeoutError() | TimeoutError():
                return self.timed_out(str(error))
            case OSError():
                return self.unreachable(str(error))
        return self.rejected(str(error))
