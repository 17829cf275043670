"""A real NETCONF server (netconfd, behind a real sshd) that has loaded alta-olt.yang and checks what it says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

import alta.connectors.olt
from tests.network.daemons import HOST, free_port, needed, running

MODULE = Path(alta.connectors.olt.__file__).with_name("alta-olt.yang")
SUBSYSTEM = Path("/usr/sbin/netconf-subsystem")
SSHD = """\
ListenAddress {host}:{port}
Port {port}
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
Subsystem netconf {subsystem} --ncxserver-sockname={port}@{folder}/ncx.sock
"""


@dataclass(frozen=True)
class NetconfServer:
    port: int
    key_file: str
    host_key: str

    def environment(self) -> dict[str, str]:
        return {
            "ALTA_OLT_HOST": HOST,
            "ALTA_OLT_PORT": str(self.port),
            "ALTA_OLT_USERNAME": "root",
            "ALTA_OLT_KEY_FILE": self.key_file,
            "ALTA_OLT_HOST_KEY": self.host_key,
        }

    def answers(self) -> bool:
        """Whether SSH lets us in."""
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        try:
            client.connect(
                HOST,
                self.port,
                "root",
                key_filename=self.key_file,
                allow_agent=False,
                look_for_keys=False,
                timeout=2,
            )
            return True
        except (paramiko.SSHException, OSError, EOFError):
            return False
        finally:
            client.close()


def _key(file: Path) -> str:
    """Makes a key; returns its public half as in `authorized_keys`."""
    key = Ed25519PrivateKey.generate()
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    file.chmod(0o600)
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@contextmanager
def netconf_server(target: str) -> Iterator[NetconfServer]:
    """One that answers, without configuration, that is edited in its `running` or `candidate` one. Skips the test where it
    isn't installed."""
    server, sshd = needed("netconfd", "sshd")
    if not SUBSYSTEM.exists():
        pytest.skip("netconf-subsystem is not installed")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="netconf-")))
        Path("/run/sshd").mkdir(exist_ok=True)
        port = free_port()
        host_key = _key(folder / "host_key").split()[1]
        (folder / "authorized_keys").write_text(_key(folder / "own_key") + "\n")
        (folder / "sshd_config").write_text(
            SSHD.format(host=HOST, port=port, folder=folder, subsystem=SUBSYSTEM)
        )
        (folder / MODULE.name).write_text(MODULE.read_text())
        command = [
            server,
            "--no-startup",
            f"--module={folder / MODULE.name}",
            f"--target={target}",
            "--superuser=root",
            f"--port={port}",
            f"--ncxserver-sockname={folder}/ncx.sock",
            f"--modpath={folder}:/usr/share/yuma/modules",
            "--log-level=warn",
        ]
        found = NetconfServer(port, str(folder / "own_key"), host_key)
        stack.enter_context(running(command, folder, (folder / "ncx.sock").exists))
        stack.enter_context(
            running([sshd, "-D", "-e", "-f", str(folder / "sshd_config")], folder, found.answers)
        )
        yield found
