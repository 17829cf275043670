"""Seen from the network: who can get in with what, and a call through a number."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from alta.connectors.contract import Call
from alta.connectors.voip.connector import Voip
from alta.connectors.voip.models import Line, LineWithNumber, NewLine
from tests.connectors.voip.conftest import settings
from tests.network.call import call_number
from tests.network.kamailio import DOMAIN, Kamailio
from tests.network.phone import Phone

pytestmark = [pytest.mark.asyncio, pytest.mark.network, pytest.mark.xdist_group("voip")]

LINE, PASSWORD, NUMBER = "line-21", "Qm4hV9tRzK2n", "442079460121"


def line(username: str, number: str | None = None) -> NewLine:
    return NewLine.model_validate({"username": username, "password": PASSWORD, "number": number})


async def test_a_suspended_line_lets_nobody_in_with_what_is_known_of_it(real_switch: Kamailio) -> None:
    voip = Voip(settings(real_switch))
    call = Call(key="proof")
    await voip.create_subscriber(line(LINE), call)
    with psycopg.connect(real_switch.database) as rows:
        digests = rows.execute("SELECT ha1, ha1b FROM subscriber WHERE username = %s", [LINE]).fetchone()
    assert digests
    tried = [(ha1, name) for ha1 in ("", *digests) for name in (LINE, f"{LINE}@{DOMAIN}")]

    async def answers() -> list[int]:
        phones = [Phone(real_switch.sip_port, DOMAIN, LINE, "", ha1=ha1, name=name) for ha1, name in tried]
        return [await asyncio.to_thread(phone.register) for phone in phones]

    with_domain = Phone(real_switch.sip_port, DOMAIN, LINE, PASSWORD, name=f"{LINE}@{DOMAIN}")
    assert await asyncio.to_thread(with_domain.register) == 200
    assert await answers() == [401, 401, 200, 401, 401, 200]  # a digest is as good as the password
    await voip.suspend_subscriber(Line(username=LINE), call)
    assert await answers() == [401] * 6
    assert await asyncio.to_thread(with_domain.register) == 401
    await voip.delete_subscriber(Line(username=LINE), call)
    await voip.close()


async def test_a_call_reaches_the_line_where_the_number_rings(real_switch: Kamailio) -> None:
    voip = Voip(settings(real_switch))
    call = Call(key="proof")

    async def ring() -> bool:
        return await asyncio.to_thread(
            call_number, real_switch, NUMBER, caller="caller", password=PASSWORD, callee=LINE
        )

    await voip.create_subscriber(line("caller"), call)
    await voip.create_subscriber(line(LINE), call)
    assert not await ring()  # nobody has the number
    await voip.set_number(LineWithNumber(username=LINE, number=NUMBER), call)
    assert await ring()
    await voip.suspend_subscriber(Line(username=LINE), call)
    assert not await ring()
    for username in ("caller", LINE):
        await voip.delete_subscriber(Line(username=username), call)
    await voip.close()
