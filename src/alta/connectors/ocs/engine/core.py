"""The engine about itself."""

from __future__ import annotations

import os
from typing import Any

from alta.connectors.ocs.engine.rpc import method
from alta.connectors.ocs.engine.shapes import TEXT, Free, Struct
from alta.connectors.ocs.engine.state import State, Wire

EVENT = Struct("utils.CGREvent", {"Tenant": TEXT, "ID": TEXT, "Event": Free(), "APIOpts": Free()})


@method("CoreSv1.Ping", EVENT)
@method("APIerSv1.Ping", EVENT)
def ping(state: State, arguments: Wire) -> Any:
    return "Pong"


@method("CoreSv1.Status", Struct("utils.TenantWithAPIOpts", {"Tenant": TEXT, "APIOpts": Free()}))
def status(state: State, arguments: Wire) -> Any:
    return {
        "active_memory": "4.0MiB",
        "cpu_time": "40ms",
        "go_version": "none",
        "goroutines": 1,
        "node_id": state.node_id,
        "open_files": 1,
        "os_threads_in_use": 1,
        "pid": os.getpid(),
        "resident_memory": "28.0MiB",
        "running_since": state.started.strftime("%a %b %-d %H:%M:%S UTC %Y"),
        "system_memory": "13.0MiB",
        "version": "CGRateS@v0.11.0~double",
    }
