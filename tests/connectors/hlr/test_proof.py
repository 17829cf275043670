"""Seen from the network: a phone is unknown, works once Alta has provisioned it, is unknown again."""

from __future__ import annotations

import pytest

from alta.connectors.contract import Call
from alta.connectors.hlr.connector import (
    Hlr,
    HlrSettings,
    NetworkAccess,
    NewSubscriber,
    NumberOfSubscriber,
    Subscriber,
)
from tests.network.gsup import Attached, Cause, Gsup
from tests.network.milenage import f2
from tests.network.osmo_hlr import OsmoHlr

pytestmark = [pytest.mark.asyncio, pytest.mark.network, pytest.mark.xdist_group("hlr")]

IMSI = "901700000012345"
K = "465b5ce8b199b49faa5f0a2ee238a6bc"
OPC = "cd63cb71954a9f4e48a5994e37a02baf"


async def test_a_phone_gets_and_loses_the_network_through_the_actions(real: OsmoHlr) -> None:
    hlr = Hlr(HlrSettings(host=real.host, port=real.port))
    me = Subscriber(imsi=IMSI)
    sim = NewSubscriber.model_validate({"imsi": IMSI, "k": K, "opc": OPC})
    with Gsup("MSC-test") as msc, Gsup("SGSN-test") as sgsn:
        assert msc.send_auth_info(IMSI) == Cause.IMSI_UNKNOWN
        assert msc.update_location(IMSI, "cs") == Cause.IMSI_UNKNOWN

        await hlr.create_subscriber(sim, Call(key="create"))
        assert msc.update_location(IMSI, "cs") == Cause.PLMN_NOT_ALLOWED
        assert sgsn.update_location(IMSI, "ps") == Cause.GPRS_NOT_ALLOWED

        await hlr.set_msisdn(NumberOfSubscriber(imsi=IMSI, msisdn="+447700900123"), Call(key="number"))
        await hlr.set_network_access(NetworkAccess(imsi=IMSI, cs=True, ps=True), Call(key="access"))
        vectors = msc.send_auth_info(IMSI)
        assert isinstance(vectors, list)
        assert len(vectors) == 5
        assert len({vector.rand for vector in vectors}) == 5
        for vector in vectors:
            assert vector.res == f2(bytes.fromhex(K), bytes.fromhex(OPC), vector.rand)

        assert msc.update_location(IMSI, "cs") == Attached("447700900123")
        assert sgsn.update_location(IMSI, "ps") == Attached("447700900123")
        seen = await hlr.get_subscriber(me, Call(key="verify"))
        assert (seen.vlr, seen.sgsn, seen.attached_cs, seen.attached_ps) == (
            "MSC-test",
            "SGSN-test",
            True,
            True,
        )

        await hlr.set_network_access(NetworkAccess(imsi=IMSI, cs=True, ps=False), Call(key="bar"))
        with Gsup("SGSN-elsewhere") as elsewhere:
            assert elsewhere.update_location(IMSI, "ps") == Cause.GPRS_NOT_ALLOWED
        assert msc.update_location(IMSI, "cs") == Attached("447700900123")

        await hlr.delete_subscriber(me, Call(key="delete"))
        assert msc.send_auth_info(IMSI) == Cause.IMSI_UNKNOWN
        assert msc.update_location(IMSI, "cs") == Cause.IMSI_UNKNOWN


async def test_a_wrong_key_shows_in_the_vectors(real: OsmoHlr) -> None:
    hlr = Hlr(HlrSettings(host=real.host, port=real.port))
    await hlr.create_subscriber(
        NewSubscriber.model_validate({"imsi": IMSI, "k": OPC, "opc": K}), Call(key="create")
    )
    with Gsup() as msc:
        vectors = msc.send_auth_info(IMSI)
    assert isinstance(vectors, list)
    assert all(vector.res != f2(bytes.fromhex(K), bytes.fromhex(OPC), vector.rand) for vector in vectors)
