"""An HLR that is down, slow or talks nonsense, and the double as a program."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alta.connectors.contract import Call, ConnectorError, Permanent, Transient
from alta.connectors.hlr.connector import Hlr, HlrSettings, NewSubscriber, NumberOfSubscriber, Subscriber
from alta.connectors.hlr.double import Error, HlrDouble

IMSI = "901700000012345"
SIM = NewSubscriber.model_validate({"imsi": IMSI, "k": "0" * 32, "opc": "f" * 32})


def connector(double: HlrDouble) -> Hlr:
    return Hlr(HlrSettings(host=double.host, port=double.port))


async def trouble(awaitable: Any) -> ConnectorError:
    with pytest.raises(Transient) as error:
        await awaitable
    return error.value


@pytest.mark.asyncio
async def test_an_hlr_that_is_down_may_be_tried_again_and_comes_back_with_its_data(double: HlrDouble) -> None:
    hlr = connector(double)
    await hlr.create_subscriber(SIM, Call(key="a"))
    double.down()
    error = await trouble(hlr.get_subscriber(Subscriber(imsi=IMSI), Call(key="b")))
    assert (error.kind.code, error.params) == ("connector.unreachable", {"system": "HLR"})
    assert (await hlr.health()).ok is False
    double.up()
    assert (await hlr.get_subscriber(Subscriber(imsi=IMSI), Call(key="c"))).imsi == IMSI


@pytest.mark.asyncio
async def test_an_hlr_that_goes_down_in_the_middle_may_be_tried_again(double: HlrDouble) -> None:
    double.delay = 0.3
    asked = asyncio.create_task(connector(double).create_subscriber(SIM, Call(key="a")))
    await asyncio.sleep(0.1)
    await asyncio.to_thread(double.down)
    assert (await trouble(asked)).kind.code == "connector.unreachable"


@pytest.mark.asyncio
async def test_a_slow_hlr_is_given_up_when_the_call_has_no_time_left(double: HlrDouble) -> None:
    double.delay = 5
    begin = time.monotonic()
    error = await trouble(connector(double).create_subscriber(SIM, Call(key="a", timeout=0.2)))
    assert error.kind.code == "connector.timed_out"
    assert 0.2 <= time.monotonic() - begin < 1


@pytest.mark.asyncio
async def test_health_takes_two_seconds_at_most(double: HlrDouble) -> None:
    double.delay = 9
    begin = time.monotonic()
    health = await connector(double).health()
    assert (health.ok, health.detail) == (False, "TimeoutError")
    assert 2 <= time.monotonic() - begin < 3


@pytest.mark.asyncio
async def test_nonsense_may_be_tried_again(double: HlrDouble) -> None:
    double.rude = True
    error = await trouble(connector(double).create_subscriber(SIM, Call(key="a")))
    assert error.kind.code == "connector.bad_answer"
    assert (await connector(double).health()).ok is False


@pytest.mark.asyncio
async def test_a_number_that_cannot_be_set_and_nobody_has_is_refused_in_the_words_of_the_hlr(
    double: HlrDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*change: object) -> None:
        raise Error("Update MSISDN failed")

    hlr = connector(double)
    await hlr.create_subscriber(SIM, Call(key="a"))
    monkeypatch.setattr(double, "_number", broken)
    with pytest.raises(Permanent) as error:
        await hlr.set_msisdn(NumberOfSubscriber(imsi=IMSI, msisdn="447700900123"), Call(key="b"))
    assert error.value.params["reason"] == "Update MSISDN failed"


@pytest.mark.asyncio
async def test_the_connector_works_with_the_environment_of_the_double(double: HlrDouble) -> None:
    assert double.environment() == {"ALTA_HLR_HOST": "127.0.0.1", "ALTA_HLR_PORT": str(double.port)}


@pytest.fixture
def program(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    file = tmp_path / "hlr.json"
    command = [sys.executable, "-m", "alta.connectors.hlr.double", "--port", "0", "--state", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process, file
        process.kill()


@pytest.mark.asyncio
async def test_the_double_is_a_program_that_keeps_its_data_for_its_owner_only(
    program: tuple[subprocess.Popen[str], Path],
) -> None:
    process, file = program
    assert process.stdout
    port = int(process.stdout.readline().rpartition(":")[2])
    await Hlr(HlrSettings(host="127.0.0.1", port=port)).create_subscriber(SIM, Call(key="a"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    assert [row["imsi"] for row in json.loads(file.read_text())] == [IMSI]
    assert file.stat().st_mode & 0o777 == 0o600
    with HlrDouble(state=file) as again:
        assert (await connector(again).get_subscriber(Subscriber(imsi=IMSI), Call(key="b"))).imsi == IMSI
