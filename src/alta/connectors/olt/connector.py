"""What Alta does in the OLT: an ONT with its line and speed, switched on and off, exchanged and removed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from django.utils.translation import gettext_lazy as _
from ncclient import NCClientError
from ncclient.operations.errors import TimeoutExpiredError
from ncclient.operations.rpc import RPCError
from ncclient.transport.errors import AuthenticationError, SSHUnknownHostError, TransportError

from alta.connectors.contract import (
    Call,
    Connector,
    ConnectorError,
    Done,
    Health,
    Permanent,
    Transient,
    action,
)
from alta.connectors.olt import model, netconf
from alta.connectors.olt.models import (
    NewOnt,
    OltSettings,
    OntParams,
    OntState,
    Removal,
    Replacement,
    SpeedParams,
)
from alta.connectors.olt.netconf import PASSING, Session
from alta.connectors.rest import NOT_ACCEPTED
from alta.refusal import RefusalKind

NO_ONT = RefusalKind(
    "olt.no_ont", _("The OLT has no ONT {serial}: provision it before, or check its serial number")
)
OTHER_LINE = RefusalKind(
    "olt.other_line",
    _("In the OLT the ONT {serial} belongs to the line {line}: remove it there or choose another"),
)
BUSY = RefusalKind("olt.busy", _("Somebody else is changing the OLT: {reason}"), 503)
UNKNOWN_KEY = RefusalKind(
    "olt.unknown_key",
    _("The OLT shows another key than ALTA_OLT_HOST_KEY: make sure that it is the OLT, then correct it"),
    502,
)

LIMIT = 15.0  # seconds for one answer
R = TypeVar("R")


class Olt(Connector):
    name = "olt"
    title = "OLT"
    Settings = OltSettings
    settings: OltSettings

    @action()
    async def provision_ont(self, params: NewOnt, call: Call) -> Done:
        """Lets an ONT onto the fibre, with its line, VLAN and speed, switched on.

        The OLT finds it by `serial` when it is plugged in, at `pon_port` where that is given. Refused where the ONT has
        another line. An ONT of this line becomes what is given; one that is switched off is switched on. Repeating it
        changes nothing.
        """
        wanted = OntState(
            exists=True,
            enabled=True,
            circuit_id=params.circuit_id,
            profile=params.profile,
            down_mbps=params.down_mbps,
            up_mbps=params.up_mbps,
            vlan=params.vlan,
            pon_port=params.pon_port,
        )

        def work(olt: Session) -> None:
            found = olt.ont(params.serial)
            if found.exists and found.circuit_id != params.circuit_id:
                raise Permanent(OTHER_LINE, serial=params.serial, line=found.circuit_id)
            if found != wanted:
                # Replaced as a whole, so that no port stays that is not asked for.
                change = self._speed(params).ont(params.serial, "replace", **wanted.model_dump())
                olt.change(change)

        await self._locked(work, call)
        return Done()

    @action()
    async def set_profile(self, params: SpeedParams, call: Call) -> Done:
        """Gives an ONT another speed, at once. Refused where there is no such ONT. Repeating it changes nothing."""

        def work(olt: Session) -> None:
            found = self._existing(olt, params.serial)
            wanted = (params.profile, params.down_mbps, params.up_mbps)
            if (found.profile, found.down_mbps, found.up_mbps) != wanted:
                olt.change(self._speed(params).ont(params.serial, profile=params.profile))

        await self._locked(work, call)
        return Done()

    @action()
    async def disable_ont(self, params: OntParams, call: Call) -> Done:
        """Switches an ONT off; it keeps its line and speed. Refused where there is no such ONT. Repeating it changes
        nothing."""
        await self._switch(params.serial, False, call)
        return Done()

    @action()
    async def enable_ont(self, params: OntParams, call: Call) -> Done:
        """Switches an ONT on again. Refused where there is no such ONT. Repeating it changes nothing."""
        await self._switch(params.serial, True, call)
        return Done()

    @action()
    async def replace_ont(self, params: Replacement, call: Call) -> Done:
        """Puts another ONT in the place of one: line, VLAN, speed and state go over, and the old one goes, in one change.

        The port goes too, if one was set. Refused where the old one isn't on the line, and where the new one is on
        another. Repeating it changes nothing: then the new one is on the line.
        """

        def work(olt: Session) -> None:
            old, new = olt.ont(params.serial), olt.ont(params.replacement)
            if new.circuit_id == params.circuit_id:
                return
            if old.circuit_id != params.circuit_id:
                raise Permanent(NO_ONT, serial=params.serial)
            if new.exists:
                raise Permanent(OTHER_LINE, serial=params.replacement, line=new.circuit_id)
            change = model.Change().ont(params.serial, "delete")
            olt.change(change.ont(params.replacement, "create", **old.model_dump()))

        await self._locked(work, call)
        return Done()

    @action()
    async def remove_ont(self, params: Removal, call: Call) -> Done:
        """Takes an ONT off the fibre. One that isn't there, or is not on the line `circuit_id`, counts as removed. Speeds
        stay."""

        def work(olt: Session) -> None:
            found = olt.ont(params.serial)
            if found.exists and params.circuit_id in (None, found.circuit_id):
                olt.change(model.Change().ont(params.serial, "delete"))

        await self._locked(work, call)
        return Done()

    @action(read_only=True)
    async def get_ont(self, params: OntParams, call: Call) -> OntState:
        """What the OLT has for an ONT. One that isn't there has `exists: false`."""
        return await self._with_session(lambda olt: olt.ont(params.serial), call)

    async def health(self) -> Health:
        """Opens a session, and looks whether the OLT knows alta-olt.yang."""
        begin = time.perf_counter()
        try:
            knows = await self._with_session(lambda olt: olt.knows_model, Call(key="health", timeout=4))
        except ConnectorError as error:
            return Health(False, error.detail or error.kind.code)
        if not knows:
            return Health(False, "NETCONF answers, but the OLT does not know the model alta-olt")
        return Health(True, "NETCONF answers", (time.perf_counter() - begin) * 1000)

    async def _switch(self, serial: str, enabled: bool, call: Call) -> None:
        def work(olt: Session) -> None:
            if self._existing(olt, serial).enabled != enabled:
                olt.change(model.Change().ont(serial, enabled=enabled))

        await self._locked(work, call)

    @staticmethod
    def _speed(params: SpeedParams) -> model.Change:
        return model.Change().speed(params.profile, params.down_mbps, params.up_mbps)

    @staticmethod
    def _existing(olt: Session, serial: str) -> OntState:
        found = olt.ont(serial)
        if not found.exists:
            raise Permanent(NO_ONT, serial=serial)
        return found

    async def _locked(self, work: Callable[[Session], None], call: Call) -> None:
        def under_lock(olt: Session) -> None:
            with olt.locked():
                work(olt)

        await self._with_session(under_lock, call)

    async def _with_session(self, work: Callable[[Session], R], call: Call) -> R:
        limit = min(call.timeout, LIMIT)

        def converse() -> R:
            with netconf.session(self.settings, call, limit) as olt:
                return work(olt)

        where = f"{self.settings.host}:{self.settings.port}"
        try:
            async with asyncio.timeout(call.timeout):
                return await asyncio.to_thread(converse)
        except RPCError as error:
            raise self._refusal(error) from error
        except (TimeoutError, TimeoutExpiredError) as error:
            raise self.timed_out(where) from error
        except AuthenticationError as error:
            raise Permanent(NOT_ACCEPTED, detail=where, system=self.title) from error
        except SSHUnknownHostError as error:
            raise Permanent(UNKNOWN_KEY, detail=where) from error
        except (TransportError, OSError, EOFError) as error:
            raise self.unreachable(f"{where}: {error}") from error
        except NCClientError as error:
            raise self.bad_answer(f"{where}: {error}") from error

    def _refusal(self, error: RPCError) -> ConnectorError:
        """An rpc-error, by its tag."""
        reason = f"{error.tag}: {' '.join((error.message or '').split())}".rstrip(": ")
        if error.tag in PASSING:
            return Transient(BUSY, detail=str(error.info or ""), reason=reason)
        return self.rejected(reason, detail=str(error.path or ""))
