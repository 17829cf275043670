"""`alta double`: a simulated system by itself, for whoever writes playbooks."""

from __future__ import annotations

import importlib
import sys
from argparse import Namespace

DOUBLES = {
    "ocs": "alta.connectors.ocs.double",
    "dhcp": "alta.connectors.dhcp.double",
    "hlr": "alta.connectors.hlr.double",
    "iptv": "alta.connectors.iptv.double",
    "olt": "alta.connectors.olt.double",
    "mail": "alta.demo.mail",
    "servicenow": "alta.connectors.servicenow.double",
    "voip": "alta.connectors.voip.double",
    "radius": "alta.connectors.radius.double",
}


def double(options: Namespace) -> int:
    """Runs one until SIGTERM or Ctrl+C. What stands behind its name is for the double itself."""
    sys.argv = [f"alta double {options.system}", *options.arguments]
    importlib.import_module(DOUBLES[options.system]).main()
    return 0
