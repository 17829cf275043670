"""Processes that the demo keeps running."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

SHORT_LIFE = 5.0  # seconds; whoever dies sooner is started again a little later each time
LONGEST_PAUSE = 8.0


class Child:
    """A process that is started again when it dies. What it writes goes to `log`.

    It has a session of its own: Ctrl+C in the terminal reaches only the supervisor, which stops all in order.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self.deaths_in_a_row = 0
        self._command = list(command)
        self._environment = dict(environment)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._start_at = 0.0
        log.write_bytes(b"")

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self._environment},
                cwd=self._folder,
                start_new_session=True,
            )
        self._started = time.monotonic()

    def look_after(self) -> str:
        """Starts it again where it has died. Returns what there is to tell, or nothing."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._start_at:
                self.start()
            return ""
        code = self._process.poll()
        if code is None:
            return ""
        self._process = None
        self.deaths_in_a_row = self.deaths_in_a_row + 1 if now - self._started < SHORT_LIFE else 0
        pause = min(0.25 * 2**self.deaths_in_a_row, LONGEST_PAUSE) if self.deaths_in_a_row else 0.0
        self._start_at = now + pause
        how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with code {code}"
        if pause == 0:
            self.start()
        return f"{self.name} {how}; starting it again. Its log: {self.log}"

    def ask_to_stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def stop(self, deadline: float) -> None:
        """Waits until it has stopped; kills it at the deadline."""
        if self._process is None:
            return
        try:
            self._process.wait(max(deadline - time.monotonic(), 0.05))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
