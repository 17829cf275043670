"""What the connector's actions do, on the double and on a real engine."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from alta.connectors.contract import Call, ConnectorError, Permanent, actions_of
from alta.connectors.ocs import models as m
from alta.connectors.ocs.connector import Ocs

GIGABYTE = 2**30
MINUTE = 60 * 10**9


async def engine(url: str, method: str, **argument: Any) -> dict[str, Any]:
    """Asks the engine past the connector: as the network does, or to prepare a test."""
    request = {"method": method, "params": [{"Tenant": "cgrates.org"} | argument], "id": 1}
    async with httpx.AsyncClient(trust_env=False) as http:
        reply: dict[str, Any] = (await http.post(url, json=request)).json()
    return reply


async def may_use(url: str, account: str, usage: int, **flags: Any) -> str:
    """What the engine tells the network about a data session of that size: `granted`, or its error."""
    charger = {"ID": "DEFAULT", "FilterIDs": [], "RunID": "*default", "AttributeIDs": ["*none"]}
    await engine(url, "APIerSv1.SetChargerProfile", **charger)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = {
        "ToR": "*data",
        "OriginID": uuid.uuid4().hex,
        "OriginHost": "pgw",
        "RequestType": "*prepaid",
        "Tenant": "cgrates.org",
        "Category": "call",
        "Account": account,
        "Subject": account,
        "Destination": "1",
        "SetupTime": now,
        "AnswerTime": now,
        "Usage": str(usage),
    }
    reply = await engine(
        url, "SessionSv1.AuthorizeEvent", ID=uuid.uuid4().hex, GetMaxUsage=True, Event=event, **flags
    )
    return "granted" if reply["result"] else str(reply["error"])


async def top_up_action(url: str, identifier: str = "*topup_reset") -> str:
    name = f"ACT_{uuid.uuid4().hex[:8]}"
    action = {
        "Identifier": identifier,
        "BalanceId": "PLAN",
        "BalanceType": "*data",
        "Units": str(GIGABYTE),
        "Weight": 10,
    }
    await engine(url, "ApierV2.SetActions", ActionsId=name, Overwrite=True, Actions=[action])
    return name


async def asap_plan(url: str, identifier: str = "*topup") -> str:
    name = f"PLAN_{uuid.uuid4().hex[:8]}"
    step = {"ActionsId": await top_up_action(url, identifier), "Time": "*asap", "Weight": 10}
    await engine(url, "ApierV1.SetActionPlan", Id=name, ActionPlan=[step], Overwrite=True)
    return name


def balances(account: m.Account) -> dict[str, float]:
    return {balance.id: balance.value for balance in account.balances}


async def fetch(ocs: Ocs, account: str, call: Call) -> m.Account:
    return await ocs.get_account(m.AccountParams(account=account), call)


async def code_of(awaitable: Any) -> str:
    with pytest.raises(ConnectorError) as caught:
        await awaitable
    assert isinstance(caught.value, Permanent)
    return caught.value.kind.code


def test_every_action_is_declared() -> None:
    declared = {action.name: action.read_only for action in actions_of(Ocs)}
    assert declared == {
        "ocs.add_balance": False,
        "ocs.close_account": False,
        "ocs.execute_action": False,
        "ocs.get_account": True,
        "ocs.open_account": False,
        "ocs.remove_account": False,
        "ocs.remove_attribute_profile": False,
        "ocs.remove_balance": False,
        "ocs.set_account": False,
        "ocs.set_attribute_profile": False,
        "ocs.set_balance": False,
    }


def test_an_account_may_be_named_by_a_number() -> None:
    assert m.AccountParams.model_validate({"account": 59170000001}).account == "59170000001"
    assert m.RemoveAttributeProfileParams.model_validate({"imsi": 901700000012345}).imsi == "901700000012345"


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(ValidationError):
        m.AccountParams.model_validate({"account": "a", "acount": "b"})


@pytest.mark.asyncio
async def test_health_is_a_ping(ocs: Ocs) -> None:
    health = await ocs.health()
    assert health.ok
    assert health.milliseconds is not None


@pytest.mark.asyncio
async def test_an_account_is_created_suspended_and_resumed(
    ocs: Ocs, url: str, account: str, call: Call
) -> None:
    created = await ocs.set_account(m.SetAccountParams(account=account), call)
    assert created == m.Account(account=account, disabled=False, allow_negative=False, balances=[])
    await ocs.set_balance(m.SetBalanceParams(account=account, type="data", id="MAIN", value=GIGABYTE), call)
    assert await may_use(url, account, 1024) == "granted"
    suspended = await ocs.set_account(m.SetAccountParams(account=account, disabled=True), call)
    assert suspended.disabled
    assert await may_use(url, account, 1024) == "RALS_ERROR:ACCOUNT_DISABLED"
    resumed = await ocs.set_account(m.SetAccountParams(account=account), call)
    assert not resumed.disabled
    assert balances(resumed) == {"MAIN": GIGABYTE}
    assert await may_use(url, account, 1024) == "granted"


@pytest.mark.asyncio
async def test_opening_twice_gives_one_account_one_balance_and_the_sims_traffic_and_closing_takes_all_back(
    ocs: Ocs, url: str, account: str, call: Call
) -> None:
    imsi = str(uuid.uuid4().int)[:15]
    data = m.OpeningBalance(id="PLAN_DATA", type="data", value=20 * GIGABYTE, expires="month")
    opening = m.OpenAccountParams(account=account, imsi=imsi, balances=[data])
    for _ in range(2):
        opened = await ocs.open_account(opening, call)
    assert [(b.id, b.type, b.value) for b in opened.balances] == [("PLAN_DATA", "data", 20 * GIGABYTE)]
    event = {"ID": "e", "Event": {"Account": imsi}, "APIOpts": {"*context": "*sessions"}}
    counted = await engine(url, "AttributeSv1.ProcessEvent", **event)
    assert counted["result"]["Event"]["Account"] == account
    for _ in range(2):
        await ocs.close_account(m.CloseAccountParams(account=account, imsi=imsi), call)
    assert (await engine(url, "ApierV2.GetAccount", Account=account))["error"] == "NOT_FOUND"
    assert (await engine(url, "AttributeSv1.ProcessEvent", **event))["error"] == "NOT_FOUND"


@pytest.mark.asyncio
async def test_an_account_may_be_allowed_to_owe(ocs: Ocs, account: str, call: Call) -> None:
    stored = await ocs.set_account(m.SetAccountParams(account=account, allow_negative=True), call)
    assert stored.allow_negative


@pytest.mark.asyncio
async def test_a_missing_account_is_a_refusal_for_good(ocs: Ocs, account: str, call: Call) -> None:
    with pytest.raises(Permanent) as caught:
        await fetch(ocs, account, call)
    assert caught.value.kind.code == "connector.rejected"
    assert account in caught.value.params["reason"]


@pytest.mark.asyncio
async def test_a_plan_is_run_once_however_often_the_account_is_set(
    ocs: Ocs, url: str, account: str, call: Call
) -> None:
    params = m.SetAccountParams(account=account, action_plans=[await asap_plan(url)])
    await ocs.set_account(params, call)
    await ocs.set_account(params, call)
    assert balances(await fetch(ocs, account, call)) == {"PLAN": GIGABYTE}


@pytest.mark.asyncio
async def test_another_plan_replaces_the_attached_one(ocs: Ocs, url: str, account: str, call: Call) -> None:
    first, second = await asap_plan(url, "*topup_reset"), await asap_plan(url, "*topup_reset")
    for plan in (first, second):
        await ocs.set_account(m.SetAccountParams(account=account, action_plans=[plan]), call)
    attached = await engine(url, "ApierV1.GetAccountActionPlan", Account=account)
    assert [each["ActionPlanId"] for each in attached["result"]] == [second]


@pytest.mark.asyncio
async def test_suspending_leaves_the_plans_attached(ocs: Ocs, url: str, account: str, call: Call) -> None:
    plan = await asap_plan(url)
    await ocs.set_account(m.SetAccountParams(account=account, action_plans=[plan]), call)
    await ocs.set_account(m.SetAccountParams(account=account, disabled=True), call)
    attached = await engine(url, "ApierV1.GetAccountActionPlan", Account=account)
    assert [each["ActionPlanId"] for each in attached["result"]] == [plan]


@pytest.mark.asyncio
async def test_an_unknown_plan_is_refused_and_creates_no_account(ocs: Ocs, account: str, call: Call) -> None:
    params = m.SetAccountParams(account=account, action_plans=["NO_SUCH_PLAN"])
    assert await code_of(ocs.set_account(params, call)) == "connector.rejected"
    assert await code_of(fetch(ocs, account, call)) == "connector.rejected"


@pytest.mark.asyncio
async def test_setting_a_balance_twice_sets_it_once(ocs: Ocs, account: str, call: Call) -> None:
    await ocs.set_account(m.SetAccountParams(account=account), call)
    params = m.SetBalanceParams(account=account, type="monetary", id="MAIN", value=12.5, weight=7)
    for _ in range(2):
        written = await ocs.set_balance(params, call)
        assert written == m.BalanceRef(account=account, type="monetary", id="MAIN")
    assert (await fetch(ocs, account, call)).balances == [
        m.Balance(id="MAIN", type="monetary", value=12.5, expires=None, weight=7)
    ]


@pytest.mark.asyncio
async def test_setting_a_balance_again_moves_its_expiry(ocs: Ocs, account: str, call: Call) -> None:
    await ocs.set_account(m.SetAccountParams(account=account), call)
    until = datetime(2041, 5, 6, 7, 8, 9, tzinfo=UTC)
    for expires in ("unlimited", until):
        params = m.SetBalanceParams(
            account=account, type="voice", id="V", value=500 * MINUTE, expires=expires
        )
        await ocs.set_balance(params, call)
    [balance] = (await fetch(ocs, account, call)).balances
    assert balance == m.Balance(id="V", type="voice", value=500 * MINUTE, expires=until, weight=10)


@pytest.mark.asyncio
async def test_a_balance_may_be_valid_for_days_or_a_month(ocs: Ocs, account: str, call: Call) -> None:
    await ocs.set_account(m.SetAccountParams(account=account), call)
    now = datetime.now(UTC)
    await ocs.add_balance(
        m.AddBalanceParams(account=account, type="sms", id="DAYS", value=100, valid_days=30), call
    )
    await ocs.add_balance(
        m.AddBalanceParams(account=account, type="sms", id="MONTH", value=100, expires="month"), call
    )
    expires = {each.id: each.expires for each in (await fetch(ocs, account, call)).balances}
    assert expires["DAYS"]
    assert expires["MONTH"]
    assert abs(expires["DAYS"] - now - timedelta(days=30)) < timedelta(seconds=60)
    assert (expires["MONTH"].month - now.month) % 12 == 1


@pytest.mark.asyncio
async def test_a_repeated_top_up_adds_nothing(ocs: Ocs, account: str, call: Call) -> None:
    await ocs.set_account(m.SetAccountParams(account=account), call)
    params = m.AddBalanceParams(account=account, type="data", value=5 * GIGABYTE)
    first = await ocs.add_balance(params, call)
    assert await ocs.add_balance(params, call) == first
    assert first == m.BalanceRef(account=account, type="data", id=f"ALTA_{call.key}")
    assert balances(await fetch(ocs, account, call)) == {first.id: 5 * GIGABYTE}


@pytest.mark.asyncio
async def test_a_repeated_top_up_gives_nothing_used_back(
    ocs: Ocs, url: str, account: str, call: Call
) -> None:
    await ocs.set_account(m.SetAccountParams(account=account), call)
    params = m.AddBalanceParams(account=account, type="sms", value=100)
    added = await ocs.add_balance(params, call)
    await engine(
        url, "ApierV1.DebitBalance", Account=account, BalanceType="*sms", Value=40, Balance={"ID": added.id}
    )
    await ocs.add_balance(params, call)
    assert balances(await fetch(ocs, account, call)) == {added.id: 60}


@pytest.mark.asyncio
async def test_two_top_ups_add_up(ocs: Ocs, account: str) -> None:
    await ocs.set_account(m.SetAccountParams(account=account), Call(key="0"))
    params = m.AddBalanceParams(account=account, type="data", value=GIGABYTE)
    for key in ("1", "2"):
        await ocs.add_balance(params, Call(key=key))
    assert balances(await fetch(ocs, account, Call(key="3"))) == {"ALTA_1": GIGABYTE, "ALTA_2": GIGABYTE}


@pytest.mark.asyncio
async def test_a_top_up_with_an_id_of_its_own_is_reset_by_a_repetition(
    ocs: Ocs, account: str, call: Call
) -> None:
    await ocs.set_account(m.SetAccountParams(account=account), call)
    params = m.AddBalanceParams(account=account, type="data", id="BOOST", value=GIGABYTE)
    for _ in range(2):
        await ocs.add_balance(params, call)
    assert balances(await fetch(ocs, account, call)) == {"BOOST": GIGABYTE}


@pytest.mark.asyncio
async def test_what_needs_an_account_does_not_create_one(
    ocs: Ocs, url: str, account: str, call: Call
) -> None:
    attempts = [
        ocs.set_balance(m.SetBalanceParams(account=account, type="data", id="B", value=1), call),
        ocs.add_balance(m.AddBalanceParams(account=account, type="data", value=1), call),
        ocs.execute_action(m.ExecuteActionParams(account=account, action=await top_up_action(url)), call),
    ]
    for attempt in attempts:
        assert await code_of(attempt) == "connector.rejected"
    assert (await engine(url, "ApierV2.GetAccount", Account=account))["error"] == "NOT_FOUND"


@pytest.mark.asyncio
async def test_a_balance_is_removed_and_may_be_gone_already(ocs: Ocs, account: str, call: Call) -> None:
    params = m.RemoveBalanceParams(account=account, type="data", id="B")
    await ocs.remove_balance(params, call)  # no such account
    await ocs.set_account(m.SetAccountParams(account=account), call)
    await ocs.remove_balance(params, call)  # no such balance
    for balance_id in ("B", "C"):
        await ocs.set_balance(m.SetBalanceParams(account=account, type="data", id=balance_id, value=1), call)
    for _ in range(2):
        await ocs.remove_balance(params, call)
        assert balances(await fetch(ocs, account, call)) == {"C": 1}


@pytest.mark.asyncio
async def test_an_action_that_resets_may_run_twice(ocs: Ocs, url: str, account: str, call: Call) -> None:
    await ocs.set_account(m.SetAccountParams(account=account), call)
    params = m.ExecuteActionParams(account=account, action=await top_up_action(url))
    for _ in range(2):
        assert balances(await ocs.execute_action(params, call)) == {"PLAN": GIGABYTE}


@pytest.mark.asyncio
async def test_an_unknown_action_is_refused(ocs: Ocs, account: str, call: Call) -> None:
    await ocs.set_account(m.SetAccountParams(account=account), call)
    params = m.ExecuteActionParams(account=account, action="NO_SUCH_ACTION")
    with pytest.raises(Permanent) as caught:
        await ocs.execute_action(params, call)
    assert "NO_SUCH_ACTION" in caught.value.params["reason"]


@pytest.mark.asyncio
async def test_an_account_is_removed_and_may_be_gone_already(
    ocs: Ocs, url: str, account: str, call: Call
) -> None:
    await ocs.set_account(m.SetAccountParams(account=account), call)
    for _ in range(2):
        await ocs.remove_account(m.AccountParams(account=account), call)
        assert await may_use(url, account, 1024) == "RALS_ERROR:ACCOUNT_NOT_FOUND"


@pytest.mark.asyncio
async def test_traffic_of_a_sim_counts_for_its_number_until_the_profile_goes(
    ocs: Ocs, url: str, account: str, call: Call
) -> None:
    imsi = f"90170{uuid.uuid4().int % 10**10:010}"

    async def number() -> str | None:
        reply = await engine(
            url,
            "AttributeSv1.ProcessEvent",
            ID="e",
            Event={"Account": imsi},
            APIOpts={"*context": "*sessions"},
        )
        return reply["result"]["Event"]["Account"] if reply["result"] else None

    for msisdn in ("old-number", account, account):
        params = m.SetAttributeProfileParams(imsi=imsi, msisdn=msisdn)
        assert await ocs.set_attribute_profile(params, call) == m.AttributeProfile(id=f"ATTR_{imsi}")
        assert await number() == msisdn
    for _ in range(2):
        await ocs.remove_attribute_profile(m.RemoveAttributeProfileParams(imsi=imsi), call)
        assert await number() is None


@pytest.mark.asyncio
async def test_more_than_the_balance_holds_is_not_granted(
    ocs: Ocs, url: str, account: str, call: Call
) -> None:
    await ocs.set_account(m.SetAccountParams(account=account), call)
    await ocs.set_balance(m.SetBalanceParams(account=account, type="data", id="MAIN", value=2048), call)
    assert await may_use(url, account, 2048) == "granted"
    assert await may_use(url, account, 4096) == "RALS_ERROR:RATING_PLAN_NOT_FOUND"
