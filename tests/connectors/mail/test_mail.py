"""E-mail through a real SMTP server that runs beside the test."""

from __future__ import annotations

import asyncio
import datetime
import email
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from alta.connectors.contract import Call, ConnectorError, Permanent, Transient, actions_of
from alta.connectors.mail.compose import Composer
from alta.connectors.mail.connector import Letter, Mail, MailSettings

SENDER = "Ñandú Telecom <hola@isp.example>"
ANA = {"customer": "Ana Ríos", "service": "Móvil 7", "product": "Plan 20 GB", "number": "+34 600 123 456"}


class Mailbox:
    """What a mail system may answer: 550 for `gone@`, 451 for `grey@`, and what is set here for the rest."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.data_answer = "250 2.0.0 queued"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("gone@"):
            return "550 5.1.1 mailbox unavailable"
        if address.startswith("grey@"):
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.data_answer.startswith("250"):
            self.got.append(email.message_from_bytes(envelope.content, policy=default))
        return self.data_answer


class Slow(Mailbox):
    """Answers every command within the time, and all of them together not."""

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        await asyncio.sleep(0.2)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, *command: Any) -> str:
        await asyncio.sleep(0.2)
        return await super().handle_RCPT(*command)


class RudeAtTheEnd(Mailbox):
    """Takes the mail, and then the connection breaks instead of a good-bye."""

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        server.transport.abort()
        return "221 never seen"


@contextmanager
def serving(box: Mailbox, **options: Any) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(box: Mailbox) -> Iterator[int]:
    with serving(box) as port:
        yield port


def connector(port: int, **settings: Any) -> Mail:
    values = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": SENDER} | settings
    return Mail(MailSettings.model_validate(values))


def letter(**changes: Any) -> Letter:
    return Letter.model_validate({"to": "ana@example.net", "template": "welcome", "context": ANA} | changes)


async def failure(port: int, to: Letter, kind: type[ConnectorError], **settings: Any) -> ConnectorError:
    with pytest.raises(kind) as error:
        await connector(port, **settings).send(to, Call(key="job-456.welcome", timeout=5))
    return error.value


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


@pytest.mark.asyncio
async def test_a_welcome_arrives_as_text_and_html(port: int, box: Mailbox) -> None:
    call = Call(key="job-456.welcome")
    sent = await connector(port).send(letter(), call)
    assert sent.message_id == "<job-456.welcome@isp.example>"
    (message,) = box.got
    assert {name: message[name] for name in ("From", "To", "Subject", "Message-ID", "Content-Language")} == {
        "From": SENDER,
        "To": "ana@example.net",
        "Subject": "Plan 20 GB: su servicio ya funciona",
        "Message-ID": "<job-456.welcome@isp.example>",
        "Content-Language": "es",
    }
    assert message.get_content_type() == "multipart/alternative"
    assert part(message, "plain").splitlines()[:5] == [
        "Hola, Ana Ríos:",
        "",
        "Su servicio Móvil 7 ya está activo con el plan Plan 20 GB.",
        "",
        "Su número es +34 600 123 456.",
    ]
    assert "<strong>+34 600 123 456</strong>" in part(message, "html")
    assert [*call.wire[0]["sent"]] == ["to", "subject", "message_id"]


@pytest.mark.asyncio
async def test_sending_again_keeps_the_message_id(port: int, box: Mailbox) -> None:
    for _attempt in range(2):
        await connector(port).send(letter(), Call(key="job-456.welcome"))
    await connector(port).send(letter(), Call(key="job-457.welcome"))
    assert [message["Message-ID"] for message in box.got] == [
        "<job-456.welcome@isp.example>",
        "<job-456.welcome@isp.example>",
        "<job-457.welcome@isp.example>",
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("asked", "of_the_task", "greeting"),
    [("en", "es", "Hello"), (None, "en", "Hello"), (None, "es", "Hola,")],
)
async def test_the_language_is_the_one_asked_for_or_else_that_of_the_task(
    port: int, box: Mailbox, asked: str | None, of_the_task: str, greeting: str
) -> None:
    await connector(port).send(letter(language=asked), Call(key="a", language=of_the_task))
    assert part(box.got[0], "plain").startswith(greeting)


@pytest.mark.asyncio
async def test_a_service_without_a_number_says_nothing_of_one(port: int, box: Mailbox) -> None:
    for number in ({}, {"number": None}):
        context = {name: value for name, value in ANA.items() if name != "number"} | number
        await connector(port).send(letter(context=context), Call(key="a"))
    assert all("número" not in part(message, kind) for message in box.got for kind in ("plain", "html"))


@pytest.mark.asyncio
async def test_an_unknown_mailbox_is_refused_for_good(port: int) -> None:
    error = await failure(port, letter(to="gone@example.net"), Permanent)
    assert error.kind.code == "connector.rejected"
    assert error.params == {"system": "e-mail", "reason": "550 5.1.1 mailbox unavailable"}


@pytest.mark.asyncio
async def test_a_mailbox_that_is_busy_may_be_tried_again(port: int) -> None:
    error = await failure(port, letter(to="grey@example.net"), Transient)
    assert (error.kind.code, error.detail) == ("connector.overloaded", "451 4.7.1 try again later")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ("421 4.3.2 shutting down", Transient, "connector.overloaded"),
        ("452 4.3.1 no space", Transient, "connector.overloaded"),
        ("554 5.7.1 looks like spam", Permanent, "connector.rejected"),
    ],
)
async def test_an_answer_to_the_content_is_told_apart_by_its_first_digit(
    port: int, box: Mailbox, answer: str, kind: type[ConnectorError], code: str
) -> None:
    box.data_answer = answer
    assert (await failure(port, letter(), kind)).kind.code == code


@pytest.mark.asyncio
async def test_a_mail_that_was_taken_is_sent_even_if_the_connection_then_breaks() -> None:
    box = RudeAtTheEnd()
    with serving(box) as port:
        await connector(port).send(letter(), Call(key="a"))
    assert len(box.got) == 1


@pytest.mark.asyncio
async def test_no_server_may_be_tried_again() -> None:
    with serving(Mailbox()) as port:
        pass
    assert (await failure(port, letter(), Transient)).kind.code == "connector.unreachable"
    assert (await connector(port).health()).ok is False


@pytest.mark.asyncio
async def test_a_server_that_says_nothing_is_given_up_when_the_time_is_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mail = connector(silent.getsockname()[1])
        with pytest.raises(Transient) as error:
            await mail.send(letter(), Call(key="a", timeout=0.2))
    assert error.value.kind.code == "connector.timed_out"


@pytest.mark.asyncio
async def test_a_server_that_is_slow_at_every_step_is_given_up_when_the_time_is_over() -> None:
    box = Slow()
    with serving(box) as port, pytest.raises(Transient) as error:
        await connector(port).send(letter(), Call(key="a", timeout=0.3))
    assert (error.value.kind.code, box.got) == ("connector.timed_out", [])


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that nobody knows yet, and the server's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(IPv4Address("127.0.0.1"))
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = Encoding.PEM
    file, secret = tmp_path / "certificate.pem", tmp_path / "key.pem"
    file.write_bytes(certificate.public_bytes(pem))
    secret.write_bytes(key.private_bytes(pem, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, secret)
    return file, context


@pytest.mark.asyncio
@pytest.mark.parametrize(("tls", "option"), [("starttls", "tls_context"), ("tls", "ssl_context")])
async def test_encrypted_mail_goes_only_to_a_server_whose_certificate_is_trusted(
    authority: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch, tls: str, option: str
) -> None:
    file, context = authority
    box = Mailbox()
    with serving(box, **{option: context}) as port:
        assert (await failure(port, letter(), Transient, tls=tls)).kind.code == "connector.unreachable"
        assert box.got == []
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        await connector(port, tls=tls).send(letter(), Call(key="a"))
    assert len(box.got) == 1


@pytest.mark.asyncio
@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
async def test_a_log_in_is_made_where_there_is_a_user() -> None:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"alta", b"right")
        return AuthResult(success=good, handled=False)

    box = Mailbox()
    with serving(box, authenticator=check, auth_require_tls=False, auth_required=True) as port:
        await connector(port, username="alta", password="right").send(letter(), Call(key="a"))
        assert (await connector(port, username="alta", password="right").health()).ok is True
        wrong = await failure(port, letter(), Permanent, username="alta", password="wrong")
        nobody = await failure(port, letter(), Permanent)
    assert len(box.got) == 1
    assert (wrong.kind.code, wrong.params["reason"][:3]) == ("connector.rejected", "535")
    assert "wrong" not in f"{wrong} {wrong.detail} {wrong.params}"
    assert (nobody.kind.code, nobody.params["reason"][:3]) == ("connector.rejected", "530")


@pytest.mark.asyncio
async def test_mail_is_not_sent_in_the_clear_where_encryption_is_asked_for(port: int, box: Mailbox) -> None:
    assert (await failure(port, letter(), Permanent, tls="starttls")).kind.code == "connector.rejected"
    assert box.got == []
    assert MailSettings(host="a", sender=SENDER).tls == "starttls"


@pytest.mark.asyncio
async def test_its_health_is_good(port: int, box: Mailbox) -> None:
    assert (await connector(port).health()).ok is True
    assert box.got == []


@pytest.mark.asyncio
async def test_an_unknown_template_and_a_missing_variable_are_errors_for_good(
    port: int, box: Mailbox
) -> None:
    unknown = await failure(port, letter(template="nothing"), Permanent)
    assert (unknown.kind.code, unknown.params) == (
        "mail.no_template",
        {"template": "nothing", "language": "es"},
    )
    missing = await failure(port, letter(context={"customer": "Ana", "service": "x"}), Permanent)
    assert missing.kind.code == "mail.template_failed"
    assert missing.params == {"template": "welcome", "reason": "'product' is undefined"}
    assert box.got == []


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028"])
async def test_a_line_break_in_the_subject_is_refused(port: int, box: Mailbox, end: str) -> None:
    context = ANA | {"product": f"Plan{end}Bcc: all@example.net"}
    error = await failure(port, letter(context=context), Permanent)
    assert (error.kind.code, error.params) == ("mail.line_break", {"template": "welcome"})
    assert box.got == []


@pytest.mark.parametrize(
    "to",
    [
        "",
        "ana",
        "@example.net",
        "ana@",
        "ana@example.net\nBcc: all@example.net",
        "ana@example.net, eva@example.net",
        "Ana <ana@example.net>",
        "ana@example.net\r",
    ],
)
def test_only_one_plain_address_is_taken(to: str) -> None:
    with pytest.raises(ValidationError):
        letter(to=to)


@pytest.mark.parametrize("template", ["../es/welcome", "welcome.txt", "a/b", ""])
def test_a_template_is_a_name_and_not_a_path(template: str) -> None:
    with pytest.raises(ValidationError):
        letter(template=template)


@pytest.mark.parametrize("sender", ["", "isp.example", "A <a@b>\nBcc: c@d"])
def test_a_sender_without_an_address_is_refused(sender: str) -> None:
    with pytest.raises(ValidationError):
        MailSettings(host="a", sender=sender)


@pytest.fixture
def composer(tmp_path: Path) -> Composer:
    (tmp_path / "en").mkdir()
    pages = {
        "page": ("Subject: {{ it }}\n{{ it }}\n", "<p>{{ it }}</p>"),
        "escape": ("Subject: a\n{{ ''.__class__.__mro__ }}\n", ""),
        "headless": ("Dear friend\n", ""),
    }
    for name, (text, html) in pages.items():
        (tmp_path / "en" / f"{name}.txt").write_text(text)
        (tmp_path / "en" / f"{name}.html").write_text(html)
    return Composer(connector(1).composer.sender, tmp_path)


def test_values_are_escaped_in_html_only(composer: Composer) -> None:
    message = composer.compose("a@example.net", "page", {"it": "<b>&"}, "en", "a")
    assert message["Subject"] == "<b>&"
    assert part(message, "plain") == "<b>&\n"
    assert part(message, "html").strip() == "<p>&lt;b&gt;&amp;</p>"


@pytest.mark.parametrize("name", ["escape", "headless"])
def test_a_template_that_leaves_the_sandbox_or_has_no_subject_is_an_error(
    composer: Composer, name: str
) -> None:
    with pytest.raises(Permanent) as error:
        composer.compose("a@example.net", name, {}, "en", "a")
    assert error.value.kind.code == "mail.template_failed"


def test_keys_that_look_alike_have_message_ids_of_their_own(composer: Composer) -> None:
    keys = ["job-1.mail", "job:1:mail", "job 1 mail", "job-1-mail", "job-1.mail[0]", "..", ">\n"]
    found = {
        str(composer.compose("a@example.net", "page", {"it": 1}, "en", key)["Message-ID"]) for key in keys
    }
    assert len(found) == len(keys)
    assert all(identifier.count("@") == 1 and identifier.isprintable() for identifier in found)


def test_every_template_is_there_in_both_languages_and_both_forms() -> None:
    folder = Path(__file__).parents[3] / "src/alta/connectors/mail/templates"
    names = {language: {file.name for file in (folder / language).iterdir()} for language in ("es", "en")}
    assert names["es"] == names["en"]
    assert {name.rpartition(".")[0] + ".html" for name in names["es"]} <= names["es"]


def test_the_action_is_called_send() -> None:
    assert [(action.name, action.read_only) for action in actions_of(Mail)] == [("mail.send", False)]
