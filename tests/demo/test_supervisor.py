"""`alta demo`, as somebody at a terminal has it, and what it survives."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.demo.conftest import Demo, until

pytestmark = [
    pytest.mark.processes,
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not Path("/proc").exists(), reason="counts processes in /proc"),
]
WEB, WORKER, POSTGRES = r"alta\.cli serve", r"alta\.cli worker", r"bin/postgres -D"


def test_it_says_where_and_who(demo: Demo) -> None:
    assert demo.healthy()
    said = demo.said()
    assert f"http://localhost:{demo.port}" in said
    assert "agente · supervisora · almacen · ingeniera · tecnico · admin" in said
    assert "alta-demo" in said
    assert "Productos → Móvil - Plan de 20GB → Asignar a Cliente" in said
    assert "Products → Mobile - 20GB Plan → Assign to Customer" in said


def test_the_control_panel_is_where_it_says(demo: Demo) -> None:
    found = re.search(r"curl -X POST (http://127\.0\.0\.1:\d+)/down", demo.said())
    assert found
    for command, up in (("down", b'"up": false'), ("up", b'"up": true')):
        request = urllib.request.Request(f"{found[1]}/{command}", method="POST")
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert up in answer.read()


def test_a_killed_worker_is_replaced(demo: Demo) -> None:
    killed = demo.kill(WORKER)
    assert until(lambda: demo.pid(WORKER) not in (None, killed), 5) < 2
    assert "worker was killed (SIGKILL)" in demo.said()


def test_a_killed_web_server_is_replaced(demo: Demo) -> None:
    demo.kill(WEB)
    until(demo.healthy, 10)


def test_a_killed_database_comes_back(demo: Demo) -> None:
    killed = demo.kill(POSTGRES)
    until(lambda: demo.pid(POSTGRES) not in (None, killed) and demo.healthy(), 10)


def _second(port: int, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "-m", "alta.cli", "demo", "--port", str(port)],
        env={**environment, "ALTA_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=20,
    )


def test_two_on_the_same_data_or_port_are_refused(demo: Demo, tmp_path: Path) -> None:
    same_data = _second(demo.port + 1, demo.home)
    assert (same_data.returncode, same_data.stdout) == (2, "")
    assert f"is running already: http://localhost:{demo.port}\n" in same_data.stderr
    same_port = _second(demo.port, tmp_path)
    assert (same_port.returncode, same_port.stdout) == (2, "")
    assert same_port.stderr.startswith(f"Port {demo.port} is in use.")
    assert demo.healthy()


def test_it_stops_in_order_and_leaves_nobody_behind(demo: Demo) -> None:
    assert demo.processes()
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(8) == 0
    assert demo.processes() == {}
    assert not (demo.home / "postgres" / "postmaster.pid").exists()


def test_the_others_end_when_it_is_killed_and_it_starts_again(tmp_path: Path) -> None:
    demo = Demo.start(tmp_path / "home").ready()
    try:
        children = {demo.pid(WEB), demo.pid(WORKER)}
        demo.process.kill()
        demo.process.wait()
        demo = Demo.start(demo.home, demo.port).ready()
        assert not children & demo.processes().keys()
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(8) == 0
        until(lambda: not demo.processes(), 10)
    finally:
        demo.end()
