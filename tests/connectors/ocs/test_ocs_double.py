"""What the double can be told to be, and what it can tell."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import httpx
import pytest

from alta.connectors.contract import Call
from alta.connectors.ocs import models as m
from alta.connectors.ocs.connector import Ocs, OcsSettings
from alta.connectors.ocs.control import control
from alta.connectors.ocs.double import OcsDouble
from alta.connectors.ocs.http import HttpServer


@pytest.mark.asyncio
async def test_the_double_counts_its_busiest_second(lone: Ocs, double: OcsDouble) -> None:
    await asyncio.gather(*(lone.health() for _ in range(8)))
    await asyncio.sleep(1.1)
    await lone.health()
    assert double.peak_per_second() == 8
    assert [method for method, _ in double.requests] == ["CoreSv1.Ping"] * 9


@pytest.mark.asyncio
async def test_the_double_keeps_its_accounts_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "ocs.json"
    kept: list[m.Account] = []
    for _ in range(2):
        with OcsDouble(state=file) as double:
            ocs = Ocs(OcsSettings(url=double.url))
            if not kept:
                await ocs.set_account(m.SetAccountParams(account="x"), Call(key="1"))
                await ocs.set_balance(
                    m.SetBalanceParams(account="x", type="data", id="B", value=5), Call(key="1")
                )
            kept.append(await ocs.get_account(m.AccountParams(account="x"), Call(key="2")))
            await ocs.close()
    assert kept[0] == kept[1]
    assert os.listdir(tmp_path) == ["ocs.json"]


@pytest.mark.asyncio
async def test_the_control_panel_makes_it_slow_rude_and_down(lone: Ocs, double: OcsDouble) -> None:
    panel = HttpServer(control(double), "127.0.0.1", 0)
    await panel.open()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{panel.port}", trust_env=False) as http:
        assert (await http.post("/slow?seconds=0.3")).json()["slow"] == 0.3
        assert (await http.post("/rude?mode=empty&every=2")).json()["rude"] == "empty"
        assert (double.delay, double.rude, double.fail_every) == (0.3, "empty", 2)
        assert (await http.post("/rude")).json()["rude"] is None
        assert (await http.post("/slow")).json()["slow"] == 0
        assert (await http.post("/down")).json()["up"] is False
        assert not (await lone.health()).ok
        assert (await http.get("/")).json()["up"] is False
        assert (await http.post("/up")).json()["up"] is True
        assert (await lone.health()).ok
        for wrong in ("/rude?mode=polite", "/rude?mode=empty&every=0", "/slow?seconds=-1", "/slow?seconds=x"):
            assert (await http.post(wrong)).status_code == 400
        assert (await http.post("/nope")).status_code == 404
        assert (await http.get("/down")).status_code == 405
    await panel.close()
