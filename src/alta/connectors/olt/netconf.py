"""One NETCONF session (RFC 6241) over SSH: reading, and changing under a lock. It blocks: run it in a thread.

Where the OLT has a candidate configuration the change is made there and committed as a whole; otherwise it is
made in the running one. Where what runs is not what it starts with, it is copied there, to outlive a power cut."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ncclient import manager
from ncclient.operations.rpc import RPCError
from ncclient.transport import session as transport

from alta.connectors.contract import Call
from alta.connectors.olt import model
from alta.connectors.olt.models import OltSettings, OntState

# How often, in seconds, ncclient looks whether there is something to send. At its 0.1 a change takes a second.
transport.TICK = 0.01
LOCK_SECONDS, LOCK_PAUSE = 3.0, 0.2
# What another session's work causes, and will pass with it.
PASSING = ("lock-denied", "in-use", "resource-denied")


class Session:
    def __init__(self, connection: Any, call: Call) -> None:
        self._connection = connection
        self._call = call
        can = connection.server_capabilities
        self.knows_model = any(model.NAMESPACE in str(one) for one in can)
        self._target = "candidate" if ":candidate" in can else "running"
        self._rolls_back = ":rollback-on-error" in can
        self._starts_elsewhere = ":startup" in can

    def ont(self, serial: str, source: str = "running") -> OntState:
        self._call.sent({"rpc": "get-config", "source": source, "ont": serial})
        answer = self._connection.get_config(source, ("subtree", model.filter_of(serial)))
        found = model.read(answer.data_ele, serial)
        self._call.received(found.model_dump(exclude_none=True))
        return found

    @contextmanager
    def locked(self) -> Iterator[Session]:
        """Nobody else changes the configuration meanwhile."""
        self._lock()
        try:
            yield self
        finally:
            with suppress(RPCError):
                self._connection.unlock(self._target)

    def change(self, change: model.Change) -> None:
        """All of it, or nothing. Raises RPCError."""
        xml = change.xml()
        self._call.sent({"rpc": "edit-config", "target": self._target, "config": xml})
        if self._target == "candidate":
            self._through_candidate(xml)
        else:
            option = "rollback-on-error" if self._rolls_back else None
            self._connection.edit_config(target="running", config=xml, error_option=option)
        if self._starts_elsewhere:
            self._connection.copy_config("running", "startup")
        self._call.received({"rpc-reply": "ok"})

    def _through_candidate(self, xml: str) -> None:
        try:
            self._connection.edit_config(target="candidate", config=xml)
            self._connection.commit()  # it validates; asked before, netconfd forgets what there is to commit
        except Exception:
            # What can't be committed must not wait there for the next one's commit.
            with suppress(Exception):
                self._connection.discard_changes()
            raise

    def _lock(self) -> None:
        limit = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                self._connection.lock(self._target)
                return
            except RPCError as error:
                if error.tag not in PASSING or time.monotonic() > limit:
                    raise
                time.sleep(LOCK_PAUSE)


@contextmanager
def session(settings: OltSettings, call: Call, limit: float) -> Iterator[Session]:
    """A session that is closed at the end, whatever happens. `limit` is in seconds, for each answer."""
    anybody = settings.host_key == "any"
    connection = manager.connect_ssh(
        host=settings.host,
        port=settings.port,
        username=settings.username,
        password=settings.password.get_secret_value() if settings.password else None,
        key_filename=settings.key_file,
        hostkey_verify=not anybody,
        hostkey_b64=None if anybody else settings.host_key,
        allow_agent=False,
        look_for_keys=False,
        timeout=limit,
        manager_params={"timeout": limit},
    )
    try:
        yield Session(connection, call)
    finally:
        with suppress(Exception):
            connection.close_session()
