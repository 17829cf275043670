"""What Alta does in the HLR: a subscriber with keys and a number, and its access to the network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator, Field, SecretStr

from alta.connectors.contract import (
    Call,
    Connector,
    ConnectorSettings,
    Done,
    Health,
    Output,
    Params,
    Permanent,
    action,
)
from alta.connectors.hlr import ctrl
from alta.connectors.hlr.ctrl import Ctrl, Garbled, Refused
from alta.refusal import RefusalKind

OTHER_KEYS = RefusalKind(
    "hlr.other_keys",
    _("The HLR has IMSI {imsi} with other keys: check the SIM card, or delete the subscriber and repeat"),
)
NUMBER_TAKEN = RefusalKind(
    "hlr.number_taken",
    _("In the HLR the number {msisdn} belongs to IMSI {imsi}: remove it there or choose another number"),
)

LIMIT = 10.0  # seconds for one conversation; an HLR in good health needs milliseconds

Imsi = Annotated[str, Field(pattern=r"^[0-9]{6,15}$", coerce_numbers_to_str=True)]
Msisdn = Annotated[
    str,
    Field(pattern=r"^\+?[0-9]{3,15}$", coerce_numbers_to_str=True),
    AfterValidator(lambda number: number.removeprefix("+")),
]


class HlrSettings(ConnectorSettings):
    host: str
    port: int = 4259


class Subscriber(Params):
    imsi: Imsi


class NewSubscriber(Subscriber):
    """`k` and `opc` are 32 hexadecimal digits. The HLR checks them: a model's error would quote the key."""

    k: SecretStr
    opc: SecretStr


class NumberOfSubscriber(Subscriber):
    msisdn: Msisdn


class NetworkAccess(Subscriber):
    cs: bool
    ps: bool


class SubscriberState(Output):
    """What the HLR knows. `vlr` and `sgsn` name where the subscriber is attached for calls and for data."""

    imsi: str
    msisdn: str | None
    cs: bool
    ps: bool
    attached_cs: bool
    attached_ps: bool
    vlr: str | None
    sgsn: str | None


def _fields(info: str) -> dict[str, str]:
    """The lines of an `info` answer: a name, a tab, a value."""
    lines = (line.partition("\t") for line in info.splitlines())
    return {name: value for name, tab, value in lines if tab}


async def _unless(excuse: str, asked: Awaitable[str]) -> str | None:
    """The answer, or None where the HLR refused with exactly this text."""
    try:
        return await asked
    except Refused as refusal:
        if refusal.text != excuse:
            raise
        return None


class Hlr(Connector):
    name = "hlr"
    title = "HLR"
    Settings = HlrSettings
    settings: HlrSettings

    @action()
    async def create_subscriber(self, params: NewSubscriber, call: Call) -> Done:
        """Creates the subscriber of a SIM card with its Milenage keys, barred until access is given.

        `imsi` has 6 to 15 digits; `k` and `opc` are 32 hexadecimal digits. Refused where the HLR says so
        (`Invalid KI.`), and where it already has the IMSI with other keys. Repeating it goes on where it
        stopped; a subscriber that is complete is left as it is, so a customer on the air isn't cut off. The
        keys are set last: having them is what complete means, and without them nobody can attach.
        """
        at = f"subscriber.by-imsi-{params.imsi}"
        keys = f"milenage,{params.k.get_secret_value()},opc,{params.opc.get_secret_value()},5"
        async with self._conversation(call) as hlr:
            created = await _unless("Subscriber already exists.", hlr.set("subscriber.create", params.imsi))
            if created is None:
                present = await hlr.get(f"{at}.aud3g")
                if present.lower() == keys.lower():
                    return Done()
                if present != "none":
                    raise Permanent(OTHER_KEYS, imsi=params.imsi)
            await hlr.set(f"{at}.cs-enabled", "0")
            await hlr.set(f"{at}.ps-enabled", "0")
            await hlr.set(f"{at}.aud3g", keys)
        return Done()

    @action()
    async def set_msisdn(self, params: NumberOfSubscriber, call: Call) -> Done:
        """Gives the subscriber a number, instead of the one it had.

        `msisdn` is in international format, with or without the plus sign. Refused where another IMSI has the
        number and where there is no such subscriber. Repeating it changes nothing.
        """
        async with self._conversation(call) as hlr:
            await self._give_number(hlr, params.imsi, params.msisdn)
        return Done()

    @action()
    async def connect_subscriber(self, params: NumberOfSubscriber, call: Call) -> Done:
        """Gives the subscriber a number, and lets it into the network for calls and data: both at once.

        Refused as `set_msisdn` is. Repeating it changes nothing.
        """
        at = f"subscriber.by-imsi-{params.imsi}"
        async with self._conversation(call) as hlr:
            await self._give_number(hlr, params.imsi, params.msisdn)
            await hlr.set(f"{at}.cs-enabled", "1")
            await hlr.set(f"{at}.ps-enabled", "1")
        return Done()

    @action()
    async def disconnect_subscriber(self, params: Subscriber, call: Call) -> Done:
        """Bars the subscriber from the network, and takes its number away. Without subscriber there is nothing to do."""
        at = f"subscriber.by-imsi-{params.imsi}"
        async with self._conversation(call) as hlr:
            if await _unless("No such subscriber.", hlr.get(f"{at}.cs-enabled")) is not None:
                await hlr.set(f"{at}.cs-enabled", "0")
                await hlr.set(f"{at}.ps-enabled", "0")
                await _unless("No such subscriber.", hlr.set(f"{at}.msisdn", "none"))
        return Done()

    @action()
    async def clear_msisdn(self, params: Subscriber, call: Call) -> Done:
        """Takes the subscriber's number away. Without number or subscriber there is nothing to do."""
        async with self._conversation(call) as hlr:
            await _unless("No such subscriber.", hlr.set(f"subscriber.by-imsi-{params.imsi}.msisdn", "none"))
        return Done()

    @action()
    async def set_network_access(self, params: NetworkAccess, call: Call) -> Done:
        """Allows or bars calls and messages (`cs`) and data (`ps`).

        The network hears of it at once. Refused where there is no such subscriber. Repeating it changes
        nothing.
        """
        at = f"subscriber.by-imsi-{params.imsi}"
        async with self._conversation(call) as hlr:
            await hlr.get(f"{at}.cs-enabled")  # a SET would not say that there is no such subscriber
            await hlr.set(f"{at}.cs-enabled", str(int(params.cs)))
            await hlr.set(f"{at}.ps-enabled", str(int(params.ps)))
        return Done()

    @action(read_only=True)
    async def get_subscriber(self, params: Subscriber, call: Call) -> SubscriberState:
        """What the HLR knows of the subscriber: number, access, and where it is attached. Never its keys.

        Refused where there is no such subscriber.
        """
        async with self._conversation(call) as hlr:
            fields = _fields(await hlr.get(f"subscriber.by-imsi-{params.imsi}.info"))
            if fields.get("imsi") != params.imsi:
                raise Garbled("info without the IMSI that was asked for")
        vlr = fields.get("vlr_number") if fields.get("ms_purged_cs") == "0" else None
        sgsn = fields.get("sgsn_number") if fields.get("ms_purged_ps") == "0" else None
        return SubscriberState(
            imsi=params.imsi,
            msisdn=fields.get("msisdn"),
            cs=fields.get("nam_cs") == "1",
            ps=fields.get("nam_ps") == "1",
            attached_cs=vlr is not None,
            attached_ps=sgsn is not None,
            vlr=vlr,
            sgsn=sgsn,
        )

    @action()
    async def delete_subscriber(self, params: Subscriber, call: Call) -> Done:
        """Deletes the subscriber with its keys and number. One that isn't there counts as deleted."""
        async with self._conversation(call) as hlr:
            await _unless("Subscriber doesn't exist.", hlr.set("subscriber.delete", params.imsi))
        return Done()

    async def health(self) -> Health:
        """Looks for a subscriber that can't exist: the answer shows that HLR and database are there."""
        begin = time.perf_counter()
        try:
            async with asyncio.timeout(2):
                where = self.settings
                async with ctrl.connect(where.host, where.port, Call(key="health")) as hlr:
                    await _unless("No such subscriber.", hlr.get("subscriber.by-id-0.info"))
        except (OSError, EOFError, Garbled, Refused) as error:
            return Health(False, f"{type(error).__name__} {error}".strip())
        return Health(True, "CTRL answers", (time.perf_counter() - begin) * 1000)

    @staticmethod
    async def _give_number(hlr: Ctrl, imsi: str, msisdn: str) -> None:
        try:
            await hlr.set(f"subscriber.by-imsi-{imsi}.msisdn", msisdn)
        except Refused as refusal:
            # The HLR gives no reason for this one, so look who has the number.
            if refusal.text.startswith("Update MSISDN failed"):
                holder = hlr.get(f"subscriber.by-msisdn-{msisdn}.info")
                owner = _fields(await _unless("No such subscriber.", holder) or "").get("imsi")
                if owner not in (None, imsi):
                    raise Permanent(NUMBER_TAKEN, msisdn=msisdn, imsi=owner) from refusal
            raise

    @asynccontextmanager
    async def _conversation(self, call: Call) -> AsyncIterator[Ctrl]:
        where = f"{self.settings.host}:{self.settings.port}"
        try:
            async with (
                asyncio.timeout(min(call.timeout, LIMIT)),
                ctrl.connect(self.settings.host, self.settings.port, call) as hlr,
            ):
                yield hlr
        except Refused as error:
            raise self.rejected(error.text, detail=str(error)) from error
        except Garbled as error:
            raise self.bad_answer(f"{where}: {error}") from error
        except TimeoutError as error:
            raise self.timed_out(where) from error
        except (OSError, EOFError) as error:
            raise self.unreachable(f"{where}: {error}") from error
