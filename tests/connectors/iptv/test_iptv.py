"""Accounts and packages in the IPTV middleware."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from alta.connectors.contract import Call, Done, Permanent, Transient, actions_of
from alta.connectors.iptv.connector import Iptv
from alta.connectors.iptv.double import IptvDouble
from alta.connectors.iptv.models import (
    AccountParams,
    AccountQuestion,
    AccountState,
    AccountUpdate,
    NewAccount,
    PackageChange,
)
from tests.connectors.iptv.conftest import settings
from tests.network.edge import video_edge

pytestmark = pytest.mark.asyncio

ACCOUNT, OTHER = "5f3c", "77aa"
MAC, SPARE = "02:00:5E:02:00:01", "02:00:5E:02:00:02"


def new(account: str = ACCOUNT, mac: str = MAC, **more: Any) -> NewAccount:
    values = {"account": account, "mac": mac, "name": "John Smith", "number": "123", "packages": ["basic"]}
    return NewAccount.model_validate(values | more)


def state(**known: Any) -> AccountState:
    values = {"account": ACCOUNT, "number": "123", "name": "John Smith", "mac": MAC, "tariff": ""}
    return AccountState(**{**values, "active": True, "packages": ["basic"], **known})


async def read(iptv: Iptv) -> AccountState:
    return await iptv.get_account(AccountQuestion(account=ACCOUNT), Call(key="read"))


async def refusal(awaitable: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Permanent) as error:
        await awaitable
    return error.value.kind.code, error.value.params


NO_ACCOUNT = ("iptv.no_account", {"account": ACCOUNT})


async def test_a_new_account_is_active_with_its_box_and_packages(iptv: Iptv, call: Call) -> None:
    created = await iptv.create_account(new(mac=MAC.lower().replace(":", "-"), tariff="home"), call)
    assert created == await read(iptv) == state(tariff="home")


async def test_creating_again_makes_it_what_is_asked_for_and_keeps_other_packages(
    iptv: Iptv, call: Call
) -> None:
    await iptv.create_account(new(), call)
    await iptv.change_packages(PackageChange(account=ACCOUNT, add=["sports"]), call)
    await iptv.suspend_account(AccountParams(account=ACCOUNT), call)
    again = await iptv.create_account(new(mac=SPARE), call)
    assert again == state(mac=SPARE, packages=["basic", "sports"])


async def test_an_answer_that_was_lost_does_not_make_two(iptv: Iptv, double: IptvDouble, call: Call) -> None:
    double.losing = 1
    with pytest.raises(Transient):
        await iptv.create_account(new(), call)
    assert await iptv.create_account(new(), call) == state()
    assert list(double.accounts) == [ACCOUNT]


async def test_a_box_of_another_account_is_refused_and_nothing_changes(
    iptv: Iptv, double: IptvDouble, call: Call
) -> None:
    await iptv.create_account(new(), call)
    taken = ("iptv.box_taken", {"mac": MAC})
    assert await refusal(iptv.create_account(new(OTHER), call)) == taken
    assert list(double.accounts) == [ACCOUNT]
    await iptv.create_account(new(OTHER, SPARE), call)
    update = AccountUpdate(account=OTHER, mac=MAC)
    assert await refusal(iptv.update_account(update, call)) == taken
    assert double.accounts[OTHER]["stb_mac"] == SPARE


async def test_an_update_changes_only_what_is_given(iptv: Iptv, call: Call) -> None:
    await iptv.create_account(new(), call)
    for _attempt in range(2):
        update = AccountUpdate(account=ACCOUNT, mac=SPARE)
        assert await iptv.update_account(update, call) == state(mac=SPARE)
    assert await iptv.update_account(AccountUpdate(account=ACCOUNT), call) == state(mac=SPARE)
    assert await iptv.update_account(AccountUpdate(account=ACCOUNT, name="Jo", tariff="x"), call) == state(
        mac=SPARE, name="Jo", tariff="x"
    )


async def test_packages_are_added_and_removed_at_once(iptv: Iptv, call: Call) -> None:
    await iptv.create_account(new(packages=["basic", "cinema"]), call)
    for _attempt in range(2):
        change = PackageChange(account=ACCOUNT, add=["family", "cinema"], remove=["basic", "cinema"])
        assert (await iptv.change_packages(change, call)).packages == ["cinema", "family"]


async def test_a_package_that_the_middleware_lacks_is_refused_by_name(iptv: Iptv, call: Call) -> None:
    await iptv.create_account(new(), call)
    change = PackageChange(account=ACCOUNT, add=["sports", "opera"])
    assert await refusal(iptv.change_packages(change, call)) == ("iptv.not_kept", {"packages": "opera"})


async def test_it_says_which_of_the_packages_asked_about_are_missing(iptv: Iptv, call: Call) -> None:
    await iptv.create_account(new(), call)
    question = AccountQuestion(account=ACCOUNT, packages=["sports", "basic", "cinema"])
    assert await iptv.get_account(question, call) == state(missing=["sports", "cinema"])


async def test_added_packages_are_taken_back_also_where_there_is_no_account(iptv: Iptv, call: Call) -> None:
    change = PackageChange(account=ACCOUNT, add=["sports", "basic"], remove=["cinema", "basic"])
    assert await iptv.remove_packages(change, call) == Done()
    await iptv.create_account(new(packages=["basic", "sports"]), call)
    for _attempt in range(2):
        assert await iptv.remove_packages(change, call) == Done()
    assert (await read(iptv)).packages == ["basic", "cinema"]


async def test_suspending_and_resuming_keep_the_packages(iptv: Iptv, call: Call) -> None:
    await iptv.create_account(new(), call)
    for _attempt in range(2):
        await iptv.suspend_account(AccountParams(account=ACCOUNT), call)
    assert await read(iptv) == state(active=False)
    for _attempt in range(2):
        await iptv.resume_account(AccountParams(account=ACCOUNT), call)
    assert await read(iptv) == state()


async def test_without_account_only_deleting_is_fine(iptv: Iptv, call: Call) -> None:
    me = AccountParams(account=ACCOUNT)
    assert await iptv.delete_account(me, call) == Done()
    for awaitable in (
        iptv.get_account(AccountQuestion(account=ACCOUNT), call),
        iptv.suspend_account(me, call),
        iptv.resume_account(me, call),
        iptv.update_account(AccountUpdate(account=ACCOUNT, mac=MAC), call),
        iptv.change_packages(PackageChange(account=ACCOUNT, add=["basic"]), call),
    ):
        assert await refusal(awaitable) == NO_ACCOUNT


async def test_a_deleted_account_is_gone_and_its_box_is_free(
    iptv: Iptv, double: IptvDouble, call: Call
) -> None:
    await iptv.create_account(new(), call)
    for _attempt in range(2):
        assert await iptv.delete_account(AccountParams(account=ACCOUNT), call) == Done()
    assert (double.accounts, double.subscriptions) == ({}, {})
    assert (await iptv.create_account(new(OTHER), call)).mac == MAC


async def test_passwords_appear_in_no_log_and_no_error(iptv: Iptv, double: IptvDouble, call: Call) -> None:
    await iptv.create_account(new(password="4-box-pw-9"), call)
    await read(iptv)
    double.broken = 500
    with pytest.raises(Transient) as error:
        await iptv.create_account(new(password="4-box-pw-9"), call)
    said = json.dumps([call.wire, str(error.value), error.value.detail, error.value.params], default=str)
    assert double.accounts[ACCOUNT]["password"] == "4-box-pw-9"
    assert "4-box-pw-9" not in said
    assert "middleware-secret" not in said
    assert "basic" in said


async def test_a_wrong_login_won_t_help_when_tried_again(double: IptvDouble, call: Call) -> None:
    iptv = Iptv(settings(double, password="wrong"))
    code = ("connector.not_accepted", {"system": "IPTV"})
    assert await refusal(iptv.create_account(new(), call)) == code
    health = await iptv.health()
    assert (health.ok, "not_accepted" in health.detail) == (False, True)
    await iptv.close()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (200, "connector.bad_answer"),
        (500, "connector.bad_answer"),
        (429, "connector.overloaded"),
        (503, "connector.overloaded"),
    ],
)
async def test_a_middleware_in_trouble_may_be_tried_again(
    iptv: Iptv, double: IptvDouble, call: Call, status: int, code: str
) -> None:
    double.broken = status
    with pytest.raises(Transient) as error:
        await iptv.create_account(new(), call)
    assert error.value.kind.code == code
    assert (await iptv.health()).ok is False
    double.broken = None
    assert await iptv.create_account(new(), call) == state()


async def test_one_that_is_down_or_slow_may_be_tried_again(
    iptv: Iptv, double: IptvDouble, call: Call
) -> None:
    await asyncio.to_thread(double.down)
    with pytest.raises(Transient) as error:
        await iptv.create_account(new(), call)
    assert (error.value.kind.code, error.value.params) == ("connector.unreachable", {"system": "IPTV"})
    await asyncio.to_thread(double.up)
    double.delay = 2
    began = time.monotonic()
    with pytest.raises(Transient) as error:
        await iptv.create_account(new(), Call(key="slow", timeout=0.2))
    assert error.value.kind.code == "connector.timed_out"
    assert time.monotonic() - began < 1.5


async def test_its_health_is_good(iptv: Iptv) -> None:
    health = await iptv.health()
    assert (health.ok, health.detail) == (True, "REST v1 answers")


@pytest.mark.parametrize("account", ["", "a/b", "..", "a,b", "a?b", "ñ", "a\n"])
async def test_a_name_that_would_change_the_address_never_reaches_the_wire(account: str) -> None:
    with pytest.raises(ValidationError):
        AccountParams(account=account)


async def test_the_actions_are_these_and_one_of_them_only_reads() -> None:
    assert {action.name: action.read_only for action in actions_of(Iptv)} == {
        "iptv.create_account": False,
        "iptv.update_account": False,
        "iptv.change_packages": False,
        "iptv.remove_packages": False,
        "iptv.suspend_account": False,
        "iptv.resume_account": False,
        "iptv.delete_account": False,
        "iptv.get_account": True,
    }


@pytest.mark.network
async def test_a_box_gets_and_loses_the_playlist_at_the_edge(
    iptv: Iptv, double: IptvDouble, call: Call
) -> None:
    me = AccountParams(account=ACCOUNT)
    with video_edge(double.base_url, ("basic", "sports")) as edge:

        async def watch(mac: str = MAC) -> tuple[int, int]:
            return await asyncio.to_thread(lambda: (edge.watch(mac, "basic"), edge.watch(mac, "sports")))

        assert await watch() == (403, 403)
        await iptv.create_account(new(), call)
        assert await watch() == (200, 403)
        await iptv.change_packages(PackageChange(account=ACCOUNT, add=["sports"]), call)
        assert await watch() == (200, 200)
        await iptv.suspend_account(me, call)
        assert await watch() == (403, 403)
        await iptv.resume_account(me, call)
        assert await watch() == (200, 200)
        await iptv.update_account(AccountUpdate(account=ACCOUNT, mac=SPARE), call)
        assert (await watch(), await watch(SPARE)) == ((403, 403), (200, 200))
        await iptv.delete_account(me, call)
        assert await watch(SPARE) == (403, 403)


async def test_the_double_is_a_program_that_remembers(tmp_path: Path, call: Call) -> None:
    file = tmp_path / "iptv.json"
    program = [sys.executable, "-m", "alta.connectors.iptv.double", "--port", "0", "--state", str(file)]
    with IptvDouble(state=file) as before:
        iptv = Iptv(settings(before))
        await iptv.create_account(new(), call)
        await iptv.close()
    assert file.stat().st_mode & 0o077 == 0
    process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline().startswith("IPTV double on 127.0.0.1:")
    url = process.stdout.readline().strip().removeprefix("export ALTA_IPTV_URL=")
    iptv = Iptv(settings(before, url=url))
    assert await iptv.get_account(AccountQuestion(account=ACCOUNT), call) == state()
    await iptv.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    process.stdout.close()
