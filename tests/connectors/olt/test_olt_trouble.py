"""An OLT that is down, slow, rude, locked, or isn't the one we think; and a change that it refuses."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alta.connectors.contract import Call, Permanent, Transient
from alta.connectors.olt.double import OltDouble
from alta.connectors.olt.models import NewOnt, OntParams
from alta.connectors.olt.netconf import LOCK_SECONDS
from tests.connectors.olt.conftest import connector

pytestmark = pytest.mark.asyncio
ONT = "ALTA0000A001"
ME = OntParams(serial=ONT)
NEW = NewOnt(serial=ONT, circuit_id="line", profile="p", down_mbps=10, up_mbps=5, vlan=100)


async def test_an_olt_that_is_down_may_be_tried_again_and_comes_back_with_its_data(double: OltDouble) -> None:
    olt = connector(double.environment())
    await olt.provision_ont(NEW, Call(key="a"))
    await asyncio.to_thread(double.down)
    with pytest.raises(Transient) as error:
        await olt.get_ont(ME, Call(key="b"))
    assert error.value.kind.code == "connector.unreachable"
    assert (await olt.health()).ok is False
    await asyncio.to_thread(double.up)
    assert (await olt.get_ont(ME, Call(key="c"))).exists is True


async def test_an_olt_that_goes_down_in_the_middle_may_be_tried_again(double: OltDouble) -> None:
    double.delay = 0.3
    asked = asyncio.create_task(connector(double.environment()).provision_ont(NEW, Call(key="a")))
    await asyncio.sleep(0.6)
    await asyncio.to_thread(double.down)
    with pytest.raises(Transient):
        await asked


async def test_a_slow_olt_is_given_up_when_the_call_has_no_time_left(double: OltDouble) -> None:
    double.delay = 5
    begin = time.monotonic()
    with pytest.raises(Transient) as error:
        await connector(double.environment()).provision_ont(NEW, Call(key="a", timeout=1))
    assert error.value.kind.code == "connector.timed_out"
    assert time.monotonic() - begin < 3


async def test_nonsense_may_be_tried_again(double: OltDouble) -> None:
    double.rude = True
    with pytest.raises(Transient):
        await connector(double.environment()).provision_ont(NEW, Call(key="a", timeout=1))


async def test_a_lock_of_somebody_else_is_waited_for_and_then_may_be_tried_again(double: OltDouble) -> None:
    olt = connector(double.environment())
    double.locked_by_somebody = True
    begin = time.monotonic()
    with pytest.raises(Transient) as error:
        await olt.provision_ont(NEW, Call(key="a"))
    assert (error.value.kind.code, error.value.params["reason"]) == (
        "olt.busy",
        "lock-denied: another session has the lock",
    )
    assert time.monotonic() - begin >= LOCK_SECONDS
    assert double.onts == {}


@pytest.mark.parametrize(
    ("tag", "transient"), [("access-denied", False), ("invalid-value", False), ("resource-denied", True)]
)
async def test_what_an_olt_refuses_is_sorted_by_its_error_tag_and_leaves_nothing_behind(
    double: OltDouble, tag: str, transient: bool
) -> None:
    olt = connector(double.environment())
    double.refusal = tag
    with pytest.raises(Transient if transient else Permanent) as error:
        await olt.provision_ont(NEW, Call(key="a"))
    assert error.value.params["reason"] == f"{tag}: no"
    double.refusal = None
    assert double.holder is None
    await olt.provision_ont(NEW.model_copy(update={"serial": "ALTA0000A002"}), Call(key="b"))
    assert list(double.onts) == ["ALTA0000A002"]


async def test_a_change_that_can_not_be_committed_is_not_left_for_the_next_one(double: OltDouble) -> None:
    olt = connector(double.environment())
    await olt.provision_ont(NEW, Call(key="a"))
    other = NEW.model_copy(update={"serial": "ALTA0000A002"})  # on the same line
    with pytest.raises(Permanent):
        await olt.provision_ont(other, Call(key="b"))
    await olt.disable_ont(ME, Call(key="c"))
    assert list(double.onts) == [ONT]


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        ("ALTA_OLT_PASSWORD", "wrong", "connector.not_accepted"),
        ("ALTA_OLT_HOST_KEY", OltDouble().key.get_base64(), "olt.unknown_key"),
    ],
)
async def test_who_is_not_let_in_or_meets_a_stranger_stops(
    double: OltDouble, setting: str, value: str, code: str
) -> None:
    olt = connector({**double.environment(), setting: value})
    call = Call(key="a")
    with pytest.raises(Permanent) as error:
        await olt.get_ont(ME, call)
    assert error.value.kind.code == code
    assert "not-a-secret" not in f"{call.wire}{error.value.detail}{error.value.params}"


async def test_several_at_once_take_turns(double: OltDouble) -> None:
    olt = connector(double.environment())
    many = [
        NEW.model_copy(update={"serial": f"ALTA000000{number:02d}", "circuit_id": f"line-{number}"})
        for number in range(6)
    ]
    await asyncio.gather(*(olt.provision_ont(one, Call(key=one.serial)) for one in many))
    assert sorted(double.onts) == [one.serial for one in many]


async def test_the_double_is_a_program_that_keeps_its_data(tmp_path: Path) -> None:
    file = tmp_path / "olt.json"
    command = [sys.executable, "-m", "alta.connectors.olt.double", "--port", "0", "--state", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline().strip() for _ in range(6)]
        olt = connector(dict(line.removeprefix("export ").split("=", 1) for line in lines[1:]))
        await olt.provision_ont(NEW, Call(key="a"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    assert list(OltDouble(state=file).onts) == [ONT]
