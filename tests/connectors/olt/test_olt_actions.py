"""The actions of the OLT connector, in the double and in a real NETCONF server."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from pydantic import ValidationError

from alta.connectors.contract import Call, Permanent
from alta.connectors.olt.connector import Olt
from alta.connectors.olt.models import NewOnt, OntParams, OntState, Removal, Replacement, SpeedParams

pytestmark = pytest.mark.asyncio
_numbers: Iterator[int] = count(0xA000)


def serial() -> str:
    """A terminal that no other test has."""
    return f"ALTA{next(_numbers):08X}"


def new(ont: str, **more: Any) -> NewOnt:
    values = {
        "serial": ont,
        "circuit_id": f"line-{ont}",
        "profile": "fibre-100",
        "down_mbps": 100,
        "up_mbps": 50,
        "vlan": 101,
    }
    return NewOnt.model_validate(values | more)


async def seen(olt: Olt, ont: str) -> OntState:
    return await olt.get_ont(OntParams(serial=ont), Call(key="look"))


async def test_an_ont_comes_and_goes_and_repeating_changes_nothing(olt: Olt) -> None:
    ont = serial()
    assert await seen(olt, ont) == OntState(exists=False)
    for _ in range(2):
        call = Call(key="a")
        await olt.provision_ont(new(ont, pon_port="0/1/3"), call)
        assert (await seen(olt, ont)).model_dump() == {
            "exists": True,
            "enabled": True,
            "circuit_id": f"line-{ont}",
            "profile": "fibre-100",
            "down_mbps": 100,
            "up_mbps": 50,
            "vlan": 101,
            "pon_port": "0/1/3",
        }
    assert "edit-config" not in str(call.wire)
    for _ in range(2):
        await olt.remove_ont(Removal(serial=ont), Call(key="b"))
        assert await seen(olt, ont) == OntState(exists=False)


async def test_an_ont_that_is_on_another_line_by_now_is_not_removed(olt: Olt) -> None:
    ont = serial()
    await olt.provision_ont(new(ont), Call(key="a"))
    await olt.remove_ont(Removal(serial=ont, circuit_id="another"), Call(key="b"))
    assert (await seen(olt, ont)).exists is True
    await olt.remove_ont(Removal(serial=ont, circuit_id=f"line-{ont}"), Call(key="c"))
    assert (await seen(olt, ont)).exists is False


async def test_provisioning_again_makes_it_what_is_asked_and_switches_it_on(olt: Olt) -> None:
    ont = serial()
    await olt.provision_ont(new(ont, pon_port="0/1/3"), Call(key="a"))
    await olt.disable_ont(OntParams(serial=ont), Call(key="b"))
    await olt.provision_ont(new(ont, vlan=202), Call(key="c"))
    found = await seen(olt, ont)
    assert (found.enabled, found.vlan, found.pon_port) == (True, 202, None)


async def test_an_ont_of_another_line_is_refused_and_stays(olt: Olt) -> None:
    ont = serial()
    await olt.provision_ont(new(ont), Call(key="a"))
    with pytest.raises(Permanent) as error:
        await olt.provision_ont(new(ont, circuit_id="somebody-else"), Call(key="b"))
    assert (error.value.kind.code, error.value.params) == (
        "olt.other_line",
        {"serial": ont, "line": f"line-{ont}"},
    )
    assert (await seen(olt, ont)).circuit_id == f"line-{ont}"


async def test_two_onts_on_one_line_are_refused_in_the_words_of_the_olt(olt: Olt) -> None:
    one, other = serial(), serial()
    await olt.provision_ont(new(one), Call(key="a"))
    with pytest.raises(Permanent) as error:
        await olt.provision_ont(new(other, circuit_id=f"line-{one}"), Call(key="b"))
    assert error.value.params["reason"] == "operation-failed: unique-stmt test failed"
    assert await seen(olt, other) == OntState(exists=False)


async def test_off_and_on_twice_is_once(olt: Olt) -> None:
    ont = serial()
    await olt.provision_ont(new(ont), Call(key="a"))
    for action, enabled in ((olt.disable_ont, False), (olt.enable_ont, True)):
        for _ in range(2):
            await action(OntParams(serial=ont), Call(key="b"))
            assert (await seen(olt, ont)).enabled is enabled


async def test_another_speed_holds_at_once_and_leaves_the_rest(olt: Olt) -> None:
    ont, neighbour = serial(), serial()
    await olt.provision_ont(new(ont), Call(key="a"))
    await olt.provision_ont(new(neighbour), Call(key="b"))
    before = await seen(olt, ont)
    faster = SpeedParams(serial=ont, profile="fibre-500", down_mbps=500, up_mbps=250)
    for _ in range(2):
        await olt.set_profile(faster, Call(key="c"))
        changed = {"profile": "fibre-500", "down_mbps": 500, "up_mbps": 250}
        assert await seen(olt, ont) == before.model_copy(update=changed)
    assert (await seen(olt, neighbour)).profile == "fibre-100"


async def test_another_ont_takes_the_place_of_one_with_all_it_had(olt: Olt) -> None:
    old, fresh = serial(), serial()
    await olt.provision_ont(new(old, pon_port="0/1/7"), Call(key="a"))
    await olt.disable_ont(OntParams(serial=old), Call(key="b"))
    before = await seen(olt, old)
    for _ in range(2):
        await olt.replace_ont(
            Replacement(serial=old, replacement=fresh, circuit_id=f"line-{old}"), Call(key="c")
        )
        assert await seen(olt, fresh) == before
        assert await seen(olt, old) == OntState(exists=False)
    await olt.replace_ont(Replacement(serial=fresh, replacement=old, circuit_id=f"line-{old}"), Call(key="d"))
    assert await seen(olt, old) == before


async def test_an_ont_in_use_does_not_take_the_place_of_another(olt: Olt) -> None:
    one, other = serial(), serial()
    await olt.provision_ont(new(one), Call(key="a"))
    await olt.provision_ont(new(other), Call(key="b"))
    with pytest.raises(Permanent) as error:
        await olt.replace_ont(
            Replacement(serial=one, replacement=other, circuit_id=f"line-{one}"), Call(key="c")
        )
    assert error.value.kind.code == "olt.other_line"
    # Taking back what never was changes nothing either.
    back = Replacement(serial=other, replacement=one, circuit_id=f"line-{one}")
    await olt.replace_ont(back, Call(key="d"))
    assert (await seen(olt, one)).exists and (await seen(olt, other)).circuit_id == f"line-{other}"


@pytest.mark.parametrize("action", ["set_profile", "disable_ont", "enable_ont", "replace_ont"])
async def test_an_ont_that_is_not_there_is_refused(olt: Olt, action: str) -> None:
    ont = serial()
    params: dict[str, Any] = {
        "set_profile": SpeedParams(serial=ont, profile="fibre-100", down_mbps=100, up_mbps=50),
        "replace_ont": Replacement(serial=ont, replacement=serial(), circuit_id="x"),
    }
    with pytest.raises(Permanent) as error:
        await getattr(olt, action)(params.get(action, OntParams(serial=ont)), Call(key="a"))
    assert (error.value.kind.code, error.value.params) == ("olt.no_ont", {"serial": ont})


@pytest.mark.parametrize("written", ["alta0000beef", " ALTA0000BEEF "])
async def test_a_serial_number_may_be_typed_in_small_letters(written: str) -> None:
    assert OntParams(serial=written).serial == "ALTA0000BEEF"


@pytest.mark.parametrize("wrong", ["", "ALTA-0001", "ALTA0000BEEG", "ALTA0000BEEF0", "<ont/>"])
async def test_a_serial_number_that_is_none_is_not_sent(wrong: str) -> None:
    with pytest.raises(ValidationError):
        OntParams(serial=wrong)


async def test_texts_that_would_mean_something_to_xml_stay_texts(olt: Olt) -> None:
    ont = serial()
    line = "</circuit-id><ont/>&\"'"
    await olt.provision_ont(new(ont, circuit_id=line), Call(key="a"))
    assert (await seen(olt, ont)).circuit_id == line
    await olt.remove_ont(Removal(serial=ont), Call(key="b"))


async def test_it_is_well(olt: Olt) -> None:
    health = await olt.health()
    assert (health.ok, health.detail) == (True, "NETCONF answers")
