"""What every HLR must do when Alta asks, the double and the real osmo-hlr alike."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from alta.connectors.contract import Call, Done, Permanent, actions_of
from alta.connectors.hlr.connector import (
    Hlr,
    NetworkAccess,
    NewSubscriber,
    NumberOfSubscriber,
    Subscriber,
    SubscriberState,
)

IMSI, OTHER = "901700000012345", "901700000012346"
K = "465b5ce8b199b49faa5f0a2ee238a6bc"
OPC = "cd63cb71954a9f4e48a5994e37a02baf"
NUMBER = "447700900123"

pytestmark = pytest.mark.asyncio


def sim(imsi: str = IMSI, k: str = K, opc: str = OPC) -> NewSubscriber:
    return NewSubscriber.model_validate({"imsi": imsi, "k": k, "opc": opc})


def state(**known: Any) -> SubscriberState:
    nothing = {"msisdn": None, "cs": False, "ps": False, "vlr": None, "sgsn": None}
    return SubscriberState(**{"imsi": IMSI, "attached_cs": False, "attached_ps": False, **nothing, **known})


async def read(hlr: Hlr, imsi: str = IMSI) -> SubscriberState:
    return await hlr.get_subscriber(Subscriber(imsi=imsi), Call(key="read"))


async def refusal(awaitable: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Permanent) as error:
        await awaitable
    return error.value.kind.code, error.value.params


NO_SUCH = ("connector.rejected", {"system": "HLR", "reason": "No such subscriber."})


async def test_a_new_subscriber_has_no_number_and_no_access(hlr: Hlr) -> None:
    assert await hlr.create_subscriber(sim(), Call(key="a")) == Done()
    assert await read(hlr) == state()


async def test_creating_again_leaves_a_complete_subscriber_as_it_is(hlr: Hlr) -> None:
    await hlr.create_subscriber(sim(), Call(key="a"))
    await hlr.set_msisdn(NumberOfSubscriber(imsi=IMSI, msisdn=NUMBER), Call(key="b"))
    await hlr.set_network_access(NetworkAccess(imsi=IMSI, cs=True, ps=True), Call(key="c"))
    assert await hlr.create_subscriber(sim(k=K.upper()), Call(key="a")) == Done()
    assert await read(hlr) == state(msisdn=NUMBER, cs=True, ps=True)


async def test_creating_goes_on_where_an_attempt_stopped_before_the_keys(hlr: Hlr) -> None:
    code, params = await refusal(hlr.create_subscriber(sim(k="not a key"), Call(key="a")))
    assert (code, params["reason"]) == ("connector.rejected", "Invalid KI.")
    assert await read(hlr) == state()
    await hlr.set_network_access(NetworkAccess(imsi=IMSI, cs=True, ps=True), Call(key="b"))
    await hlr.create_subscriber(sim(), Call(key="a"))
    assert await read(hlr) == state()
    assert (await refusal(hlr.create_subscriber(sim(k=OPC), Call(key="c"))))[0] == "hlr.other_keys"


async def test_an_imsi_with_other_keys_is_not_taken_over(hlr: Hlr) -> None:
    await hlr.create_subscriber(sim(), Call(key="a"))
    wrong = sim(opc=K)
    assert await refusal(hlr.create_subscriber(wrong, Call(key="b"))) == ("hlr.other_keys", {"imsi": IMSI})
    await hlr.create_subscriber(sim(), Call(key="c"))  # the keys are still the first ones


@pytest.mark.parametrize(
    ("k", "opc", "reason"),
    [
        (K[:-1], OPC, "Invalid KI."),
        (K[:-1] + "g", OPC, "Invalid KI."),
        (K, OPC[:-2], "Invalid OP/OPC."),
        (K, "", "Invalid OP/OPC."),
        (K[:-1] + "\n", OPC, "SET with trailing characters"),
    ],
)
async def test_bad_keys_are_refused_in_the_words_of_the_hlr(hlr: Hlr, k: str, opc: str, reason: str) -> None:
    code, params = await refusal(hlr.create_subscriber(sim(k=k, opc=opc), Call(key="a")))
    assert (code, params) == ("connector.rejected", {"system": "HLR", "reason": reason})


async def test_keys_appear_in_no_log_and_no_error(hlr: Hlr) -> None:
    call = Call(key="a")
    await hlr.create_subscriber(sim(), call)
    await hlr.create_subscriber(sim(), call)  # reads the keys back
    with pytest.raises(Permanent) as error:
        await hlr.create_subscriber(sim(k=OPC), call)
    said = json.dumps([call.wire, str(error.value), error.value.detail, error.value.params], default=str)
    assert K not in said.lower()
    assert OPC not in said.lower()
    sets = [entry["sent"] for entry in call.wire if "aud3g" in entry.get("sent", "")]
    assert sets[0] == f"SET 4 subscriber.by-imsi-{IMSI}.aud3g milenage,•••"


@pytest.mark.parametrize("written", [NUMBER, f"+{NUMBER}", int(NUMBER)])
async def test_a_number_may_be_written_with_a_plus(hlr: Hlr, written: Any) -> None:
    await hlr.create_subscriber(sim(), Call(key="a"))
    await hlr.set_msisdn(NumberOfSubscriber(imsi=IMSI, msisdn=written), Call(key="b"))
    assert (await read(hlr)).msisdn == NUMBER


async def test_setting_a_number_twice_changes_nothing(hlr: Hlr) -> None:
    await hlr.create_subscriber(sim(), Call(key="a"))
    for _attempt in range(2):
        await hlr.set_msisdn(NumberOfSubscriber(imsi=IMSI, msisdn=NUMBER), Call(key="b"))
    assert await read(hlr) == state(msisdn=NUMBER)


async def test_a_number_of_another_subscriber_is_refused_with_its_owner(hlr: Hlr) -> None:
    for imsi in (IMSI, OTHER):
        await hlr.create_subscriber(sim(imsi), Call(key=imsi))
    await hlr.set_msisdn(NumberOfSubscriber(imsi=OTHER, msisdn=NUMBER), Call(key="b"))
    taken = hlr.set_msisdn(NumberOfSubscriber(imsi=IMSI, msisdn=NUMBER), Call(key="c"))
    assert await refusal(taken) == ("hlr.number_taken", {"msisdn": NUMBER, "imsi": OTHER})
    assert (await read(hlr)).msisdn is None


async def test_connecting_gives_number_and_access_and_disconnecting_takes_both(hlr: Hlr) -> None:
    await hlr.create_subscriber(sim(), Call(key="a"))
    for _attempt in range(2):
        await hlr.connect_subscriber(NumberOfSubscriber(imsi=IMSI, msisdn=NUMBER), Call(key="b"))
    assert await read(hlr) == state(msisdn=NUMBER, cs=True, ps=True)
    for _attempt in range(2):
        await hlr.disconnect_subscriber(Subscriber(imsi=IMSI), Call(key="c"))
    assert await read(hlr) == state()
    await hlr.disconnect_subscriber(Subscriber(imsi=OTHER), Call(key="d"))


async def test_a_cleared_number_may_be_given_to_another(hlr: Hlr) -> None:
    for imsi in (IMSI, OTHER):
        await hlr.create_subscriber(sim(imsi), Call(key=imsi))
    await hlr.set_msisdn(NumberOfSubscriber(imsi=OTHER, msisdn=NUMBER), Call(key="b"))
    for _attempt in range(2):
        assert await hlr.clear_msisdn(Subscriber(imsi=OTHER), Call(key="c")) == Done()
    await hlr.set_msisdn(NumberOfSubscriber(imsi=IMSI, msisdn=NUMBER), Call(key="d"))
    assert (await read(hlr)).msisdn == NUMBER
    assert (await read(hlr, OTHER)).msisdn is None


@pytest.mark.parametrize(("cs", "ps"), [(True, True), (True, False), (False, True), (False, False)])
async def test_access_for_calls_and_for_data_are_set_apart(hlr: Hlr, cs: bool, ps: bool) -> None:
    await hlr.create_subscriber(sim(), Call(key="a"))
    await hlr.set_network_access(NetworkAccess(imsi=IMSI, cs=not cs, ps=not ps), Call(key="b"))
    for _attempt in range(2):
        await hlr.set_network_access(NetworkAccess(imsi=IMSI, cs=cs, ps=ps), Call(key="c"))
    assert await read(hlr) == state(cs=cs, ps=ps)


async def test_a_subscriber_that_is_not_there_is_refused_by_name(hlr: Hlr) -> None:
    number = NumberOfSubscriber(imsi=IMSI, msisdn=NUMBER)
    access = NetworkAccess(imsi=IMSI, cs=False, ps=False)
    assert await refusal(hlr.get_subscriber(Subscriber(imsi=IMSI), Call(key="a"))) == NO_SUCH
    assert await refusal(hlr.set_msisdn(number, Call(key="b"))) == NO_SUCH
    assert await refusal(hlr.set_network_access(access, Call(key="c"))) == NO_SUCH


async def test_what_is_gone_already_counts_as_removed(hlr: Hlr) -> None:
    assert await hlr.clear_msisdn(Subscriber(imsi=IMSI), Call(key="a")) == Done()
    assert await hlr.delete_subscriber(Subscriber(imsi=IMSI), Call(key="b")) == Done()


async def test_a_deleted_subscriber_is_gone_with_its_number(hlr: Hlr) -> None:
    await hlr.create_subscriber(sim(), Call(key="a"))
    await hlr.set_msisdn(NumberOfSubscriber(imsi=IMSI, msisdn=NUMBER), Call(key="b"))
    for _attempt in range(2):
        assert await hlr.delete_subscriber(Subscriber(imsi=IMSI), Call(key="c")) == Done()
    assert await refusal(hlr.get_subscriber(Subscriber(imsi=IMSI), Call(key="d"))) == NO_SUCH
    await hlr.create_subscriber(sim(OTHER), Call(key="e"))
    await hlr.set_msisdn(NumberOfSubscriber(imsi=OTHER, msisdn=NUMBER), Call(key="f"))


async def test_its_health_is_good(hlr: Hlr) -> None:
    health = await hlr.health()
    assert (health.ok, health.detail) == (True, "CTRL answers")
    assert health.milliseconds is not None


@pytest.mark.parametrize(
    "imsi", ["12345", "1234567890123456", "90170000001234x", "901700000012345\n", "1.info 2"]
)
async def test_an_imsi_that_is_none_never_reaches_the_wire(imsi: str) -> None:
    with pytest.raises(ValidationError):
        Subscriber(imsi=imsi)


@pytest.mark.parametrize(
    "number", ["", "none", "+", "++447700900123", "0044 7700", "1234567890123456", "44\n55"]
)
async def test_a_number_that_is_none_never_reaches_the_wire(number: str) -> None:
    with pytest.raises(ValidationError):
        NumberOfSubscriber(imsi=IMSI, msisdn=number)


async def test_the_actions_are_these_and_one_of_them_only_reads() -> None:
    assert {action.name: action.read_only for action in actions_of(Hlr)} == {
        "hlr.create_subscriber": False,
        "hlr.set_msisdn": False,
        "hlr.clear_msisdn": False,
        "hlr.connect_subscriber": False,
        "hlr.disconnect_subscriber": False,
        "hlr.set_network_access": False,
        "hlr.get_subscriber": True,
        "hlr.delete_subscriber": False,
    }
