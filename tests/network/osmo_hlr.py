"""A real osmo-hlr with a data base of its own.

Its ports are fixed, so there is one at a time on a machine: a lock makes test processes take turns.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

HOST = "127.0.0.1"
VTY, CTRL, GSUP = 4258, 4259, 4222
LOCK = Path(tempfile.gettempdir()) / "alta-osmo-hlr.lock"

CONFIGURATION = f"""\
log stderr
 logging filter all 1
 logging color 0
 logging level main notice
 logging level db notice
line vty
 bind {HOST}
ctrl
 bind {HOST}
hlr
 gsup
  bind ip {HOST}
"""


@dataclass(frozen=True)
class OsmoHlr:
    """`log` is what the process has written so far, for a test that fails."""

    log: Path
    host: str = HOST
    port: int = CTRL
    gsup_port: int = GSUP

    def environment(self) -> dict[str, str]:
        return {"ALTA_HLR_HOST": self.host, "ALTA_HLR_PORT": str(self.port)}


@contextmanager
def osmo_hlr(wait: float = 120.0) -> Iterator[OsmoHlr]:
    """An empty osmo-hlr that answers, after waiting for its turn. Skips the test where there can be none."""
    binary = shutil.which("osmo-hlr")
    if binary is None:
        pytest.skip("osmo-hlr is not installed")
    with ExitStack() as stack:
        stack.enter_context(_turn(wait))
        for port in (VTY, CTRL, GSUP):
            if _taken(port):
                pytest.skip(f"port {port} of osmo-hlr is held by another program")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="osmo-hlr-")))
        yield stack.enter_context(_running(binary, folder))


@contextmanager
def _turn(wait: float) -> Iterator[None]:
    with LOCK.open("w") as file:
        limit = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > limit:
                    pytest.skip(f"another test has used osmo-hlr for {wait:.0f} seconds")
                time.sleep(0.05)
        yield


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


@contextmanager
def _running(binary: str, folder: Path) -> Iterator[OsmoHlr]:
    (folder / "osmo-hlr.cfg").write_text(CONFIGURATION)
    hlr = OsmoHlr(folder / "log")
    with hlr.log.open("w") as log:
        process = subprocess.Popen(
            [*_dies_with_us(), binary, "-c", "osmo-hlr.cfg", "-l", str(folder / "hlr.db")],
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _await_answer(process, hlr)
        yield hlr
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def _dies_with_us() -> list[str]:
    """A test process that is killed leaves no HLR behind to hold the ports."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def _await_answer(process: subprocess.Popen[bytes], hlr: OsmoHlr, seconds: float = 10.0) -> None:
    """Asks for a subscriber until there is an answer: only then are CTRL and the data base up."""
    question = b"\0GET 1 subscriber.by-id-0.info"
    limit = time.monotonic() + seconds
    while time.monotonic() < limit and process.poll() is None:
        try:
            with socket.create_connection((hlr.host, hlr.port), 1) as link:
                link.sendall(len(question).to_bytes(2, "big") + b"\xee" + question)
                if b"No such subscriber." in link.recv(1024):
                    return
        except OSError:
            pass
        time.sleep(0.01)
    raise RuntimeError(f"osmo-hlr did not start:\n{hlr.log.read_text()}")
