"""`alta double`: a simulated system by itself, for whoever writes playbooks."""

from __future__ import annotations

import importlib
import sys
from argparse import Namespace

MODULES = {
    "ocs": "alta.connectors.ocs.double",
    "dhcp": "alta.connectors.dhcp.double",
    "hlr": "alta.connectors.hlr.double",
    "iptv": "alta.connectors.iptv.double",
    "mail": "alta.demo.mail",
    "radius": "alta.connectors.radius.double",
}


def double(options: Namespace) -> int:
    """Runs one until SIGTERM or Ctrl+C. What stands behind its name is for the double itself."""
    sys.argv = [f"alta double {options.system}", *options.arguments]
    importlib.import_module(MODULES[options.system]).main()
    return 0
