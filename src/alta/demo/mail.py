"""The demo's mail server: what is sent to customers becomes a file, and goes nowhere else."""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

from alta.connectors.double import Double

KEPT = 500  # the newest
LARGEST = 10 * 1024 * 1024


class MailSink(Double):
    """Takes every mail and keeps it as `<when>-<to whom>.eml` in a folder."""

    name = "mail"

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self.folder = folder
        self._server: asyncio.Server | None = None

    def environment(self) -> dict[str, str]:
        return {
            "ALTA_MAIL_HOST": self.host,
            "ALTA_MAIL_PORT": str(self.port),
            "ALTA_MAIL_TLS": "none",
            "ALTA_MAIL_SENDER": "Alta Demo <alta@example.com>",
        }

    async def open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(self, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="localhost"),
            self.host,
            self.port,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        if self._server:
            self._server.close()

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        """Called by aiosmtpd for each mail."""
        await asyncio.sleep(self.delay)
        when = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        whom = re.sub(r"[^\w.@+-]", "_", envelope.rcpt_tos[0])[:100]
        content = envelope.content or b""
        (self.folder / f"{when}-{whom}.eml").write_bytes(
            content.encode() if isinstance(content, str) else content
        )
        for old in sorted(self.folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
        return "250 kept"


def main() -> None:
    parser = argparse.ArgumentParser(description="A mail server that keeps every mail as a file")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2525)
    parser.add_argument("--folder", type=Path, default=Path("mail"))
    options = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with MailSink(options.folder, options.host, options.port) as sink:
        print(f"mail server on {sink.host}:{sink.port}; mails go to {sink.folder}", flush=True)
        stopped.wait()
