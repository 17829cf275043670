"""What the connector makes of an engine that is down, slow or rude."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from alta.connectors.contract import Call, ConnectorError
from alta.connectors.ocs import models as m
from alta.connectors.ocs.client import EngineRefused
from alta.connectors.ocs.connector import Ocs, OcsSettings
from alta.connectors.ocs.double import OcsDouble
from alta.connectors.ocs.http import HttpServer, Request, Response

SOMEONE_ELSE_S = b'{"id":99,"result":{"BalanceMap":null,"AllowNegative":false,"Disabled":false},"error":null}'


async def failure(ocs: Ocs, seconds: float = 5) -> tuple[str, bool]:
    """Code of what goes wrong with a harmless action, and whether trying again may help."""
    with pytest.raises(ConnectorError) as caught:
        await ocs.get_account(m.AccountParams(account="x"), Call(key="k", timeout=seconds))
    return caught.value.kind.code, caught.value.transient


@asynccontextmanager
async def answering(response: Response) -> AsyncIterator[Ocs]:
    """The connector, on a server that says the same to everything."""

    async def handle(request: Request) -> Response:
        return response

    server = HttpServer(handle, "127.0.0.1", 0)
    await server.open()
    ocs = Ocs(OcsSettings(url=f"http://127.0.0.1:{server.port}"))
    yield ocs
    await ocs.close()
    await server.close()


@pytest.mark.asyncio
async def test_nobody_listening_is_unreachable(lone: Ocs, double: OcsDouble) -> None:
    double.down()
    assert await failure(lone) == ("connector.unreachable", True)
    assert not (await lone.health()).ok


@pytest.mark.asyncio
async def test_an_unknown_host_is_unreachable() -> None:
    ocs = Ocs(OcsSettings(url="http://ocs.invalid:2080"))
    assert await failure(ocs) == ("connector.unreachable", True)


@pytest.mark.asyncio
async def test_going_down_cuts_open_connections_and_keeps_the_data(lone: Ocs, double: OcsDouble) -> None:
    await lone.set_account(m.SetAccountParams(account="x"), Call(key="1"))
    double.delay = 30
    waiting = asyncio.create_task(failure(lone, seconds=20))
    await asyncio.sleep(0.3)
    assert len(double.requests) == 3  # it is at work on the third
    double.down()
    assert await waiting == ("connector.unreachable", True)
    double.delay = 0
    double.up()
    assert (await lone.get_account(m.AccountParams(account="x"), Call(key="2"))).account == "x"


@pytest.mark.asyncio
async def test_no_answer_in_time_is_a_time_out(lone: Ocs, double: OcsDouble) -> None:
    double.delay = 5
    assert await failure(lone, seconds=0.2) == ("connector.timed_out", True)


@pytest.mark.asyncio
async def test_a_top_up_whose_answer_was_lost_is_not_given_twice(lone: Ocs, double: OcsDouble) -> None:
    await lone.set_account(m.SetAccountParams(account="x"), Call(key="1"))
    real = lone._client.ask
    lost: list[str] = []

    async def lose(method: str, argument: dict[str, Any], call: Call) -> Any:
        result = await real(method, argument, call)
        if method == "ApierV1.AddBalance" and not lost:
            lost.append(method)
            raise httpx.ReadTimeout("lost")
        return result

    lone._client.ask = lose  # type: ignore[method-assign]
    params, call = m.AddBalanceParams(account="x", type="data", value=1000), Call(key="2")
    with pytest.raises(ConnectorError, match=r"connector\.timed_out"):
        await lone.add_balance(params, call)
    await lone.add_balance(params, call)
    account = await lone.get_account(m.AccountParams(account="x"), call)
    assert [each.value for each in account.balances] == [1000]


@pytest.mark.parametrize("mode", ["error", "empty", "garbage"])
@pytest.mark.asyncio
async def test_a_rude_engine_gave_a_bad_answer(lone: Ocs, double: OcsDouble, mode: Any) -> None:
    double.rude = mode
    assert await failure(lone) == ("connector.bad_answer", True)
    assert not (await lone.health()).ok
    double.rude = None
    assert (await lone.health()).ok


@pytest.mark.asyncio
async def test_an_empty_body_is_called_by_its_name(lone: Ocs, double: OcsDouble) -> None:
    double.rude = "empty"
    assert "empty body" in (await lone.health()).detail


@pytest.mark.asyncio
async def test_rudeness_may_come_every_third_time(lone: Ocs, double: OcsDouble) -> None:
    double.rude, double.fail_every = "error", 3
    assert [(await lone.health()).ok for _ in range(6)] == [True, True, False, True, True, False]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response(status=401), ("connector.rejected", False)),
        (Response(status=403), ("connector.rejected", False)),
        (Response(status=404), ("connector.rejected", False)),
        (Response(status=302), ("connector.rejected", False)),
        (Response(status=429), ("connector.overloaded", True)),
        (Response(status=500), ("connector.bad_answer", True)),
        (Response(status=502), ("connector.bad_answer", True)),
        (Response(status=503), ("connector.overloaded", True)),
        (Response(b" \n"), ("connector.bad_answer", True)),
        (Response(b"\xff\xfe"), ("connector.bad_answer", True)),
        (Response(b"[]"), ("connector.bad_answer", True)),
        (Response(b'{"id":1,"result":"OK"}'), ("connector.bad_answer", True)),
        (Response(SOMEONE_ELSE_S), ("connector.bad_answer", True)),
        (Response(b'{"id":1,"result":null,"error":null}'), ("connector.bad_answer", True)),
        (Response(b'{"id":1,"result":{"BalanceMap":7},"error":null}'), ("connector.bad_answer", True)),
    ],
)
@pytest.mark.asyncio
async def test_an_answer_is_judged_by_whether_trying_again_may_help(
    response: Response, expected: tuple[str, bool]
) -> None:
    async with answering(response) as ocs:
        assert await failure(ocs) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SERVER_ERROR: connection refused", ("connector.bad_answer", True)),
        ("SERVER_ERROR: NOT_FOUND", ("connector.rejected", False)),
        ("NOT_FOUND", ("connector.rejected", False)),
        ("MANDATORY_IE_MISSING: [Account]", ("connector.rejected", False)),
        ("BROKEN_REFERENCE:ACT_NOPE", ("connector.rejected", False)),
        ("EXISTS", ("connector.rejected", False)),
        ("rpc: can't find method ApierV2.GetAccount", ("connector.rejected", False)),
    ],
)
@pytest.mark.asyncio
async def test_the_engine_s_errors_are_for_good_unless_they_are_its_own(
    text: str, expected: tuple[str, bool]
) -> None:
    async with answering(Response(json.dumps({"id": 1, "result": None, "error": text}).encode())) as ocs:
        assert await failure(ocs) == expected


@pytest.mark.asyncio
async def test_a_setting_that_was_not_kept_is_refused(lone: Ocs, double: OcsDouble) -> None:
    real = lone._client.ask

    async def forget(method: str, argument: dict[str, Any], call: Call) -> Any:
        return await real(method, {k: v for k, v in argument.items() if k != "ExtraOptions"}, call)

    lone._client.ask = forget  # type: ignore[method-assign]
    with pytest.raises(ConnectorError) as caught:
        await lone.set_account(m.SetAccountParams(account="x", disabled=True), Call(key="1"))
    assert (caught.value.kind.code, caught.value.transient) == ("connector.rejected", False)


@pytest.mark.asyncio
async def test_a_balance_that_stays_after_its_removal_is_an_error(lone: Ocs, double: OcsDouble) -> None:
    call = Call(key="1")
    await lone.set_account(m.SetAccountParams(account="x"), call)
    await lone.set_balance(m.SetBalanceParams(account="x", type="sms", id="B", value=1), call)
    real = lone._client.ask

    async def refuse(method: str, argument: dict[str, Any], call: Call) -> Any:
        if method == "ApierV1.RemoveBalances":
            raise EngineRefused("PARTIALLY_EXECUTED")
        return await real(method, argument, call)

    lone._client.ask = refuse  # type: ignore[method-assign]
    with pytest.raises(ConnectorError, match=r"connector\.rejected"):
        await lone.remove_balance(m.RemoveBalanceParams(account="x", type="sms", id="B"), call)


@pytest.mark.asyncio
async def test_user_and_password_are_sent_and_never_logged() -> None:
    with OcsDouble(auth=("alta", "s3cret-word")) as double:
        settings = OcsSettings.model_validate(
            {"url": double.url, "username": "alta", "password": "s3cret-word"}
        )
        ocs = Ocs(settings)
        call = Call(key="1")
        await ocs.set_account(m.SetAccountParams(account="x"), call)
        await ocs.close()
        assert await failure(Ocs(OcsSettings(url=double.url))) == ("connector.rejected", False)
    assert "s3cret-word" not in repr(call.wire) + repr(ocs.settings)


@pytest.mark.asyncio
async def test_the_wire_log_has_what_went_out_and_came_back(lone: Ocs) -> None:
    call = Call(key="1")
    await lone.remove_account(m.AccountParams(account="x"), call)
    assert call.wire == [
        {
            "sent": {
                "method": "ApierV1.RemoveAccount",
                "params": [{"Tenant": "cgrates.org", "Account": "x", "ReloadScheduler": True}],
                "id": 1,
            }
        },
        {"received": {"status": 200, "body": '{"id":1,"result":"OK","error":null}\n'}},
    ]


@pytest.mark.asyncio
async def test_data_balances_are_counted_by_the_kilobyte_unless_told_otherwise(
    lone: Ocs, double: OcsDouble
) -> None:
    call = Call(key="1")
    await lone.set_account(m.SetAccountParams(account="x"), call)
    for balance_id, subject in (("A", None), ("B", "*zero1s"), ("C", "")):
        await lone.set_balance(
            m.SetBalanceParams(account="x", type="data", id=balance_id, value=1, rating_subject=subject), call
        )
    await lone.set_balance(m.SetBalanceParams(account="x", type="voice", id="D", value=1), call)
    kept = double.engine.accounts["cgrates.org:x"]["BalanceMap"]
    assert [each["RatingSubject"] for each in kept["*data"]] == ["*zero1024ns", "*zero1s", ""]
    assert [each["RatingSubject"] for each in kept["*voice"]] == [""]


@pytest.mark.asyncio
async def test_the_connector_may_be_used_after_closing(lone: Ocs) -> None:
    assert (await lone.health()).ok
    await lone.close()
    assert (await lone.health()).ok
