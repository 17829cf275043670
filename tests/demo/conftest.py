from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

NOT_FOR_THE_DEMO = (
    "DATABASE_URL",
    "ALTA_SECRET_KEY",
    "ALTA_CONNECTORS",
    "ALTA_TEST_RUN",
    "PYTEST_CURRENT_TEST",
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], object], seconds: float) -> float:
    """Waits until something is true. Returns how long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"not true after {seconds:g} s"
        time.sleep(0.05)
    return time.monotonic() - began


@dataclass
class Demo:
    """`alta demo` in a process of its own."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, home: Path, port: int | None = None) -> Demo:
        home.mkdir(exist_ok=True)
        port = port or free_port()
        environment = {name: value for name, value in os.environ.items() if name not in NOT_FOR_THE_DEMO}
        # The real HLR's ports are for the tests of its connector.
        environment |= {"ALTA_HOME": str(home), "ALTA_DEMO_HLR": "simulated"}
        with (home / "said").open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "alta.cli", "demo", "--port", str(port)],
                env=environment,
                stdout=said,
                stderr=said,
                stdin=subprocess.DEVNULL,
            )
        return cls(home, port, process)

    def said(self) -> str:
        return (self.home / "said").read_text()

    def ready(self) -> Demo:
        until(lambda: "Ctrl+C" in self.said() or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.said()
        return self

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://localhost:{self.port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def processes(self) -> dict[int, str]:
        """Every living process of this demo, the database's included, with its command line."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment, command = (folder / "environ").read_bytes(), (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if f"ALTA_HOME={self.home}\0".encode() in environment:
                found[int(folder.name)] = command.replace(b"\0", b" ").decode(errors="replace")
        return found

    def pid(self, pattern: str) -> int | None:
        return next((pid for pid, command in self.processes().items() if re.search(pattern, command)), None)

    def kill(self, pattern: str) -> int:
        pid = self.pid(pattern)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return pid

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo.start(tmp_path_factory.mktemp("demo"))
    yield demo.ready()
    demo.end()
