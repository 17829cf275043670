"""Whether somebody listens on a port."""

from __future__ import annotations

import socket


def is_taken(host: str, port: int) -> bool:
    """Whether a server can't listen there. Port 0 stands for any free one."""
    if port == 0:
        return False
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(1)
        # Some systems allow listening on 127.0.0.1 beside a server on all addresses, so ask first.
        if probe.connect_ex((host if host not in ("0.0.0.0", "::") else "localhost", port)) == 0:  # noqa: S104
            return True
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
