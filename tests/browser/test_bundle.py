"""An agent sells fibre, television and voice at once."""

from __future__ import annotations

import os
import re

from playwright.sync_api import Page, expect

from tests.browser import steps


def test_an_agent_sells_a_bundle_and_follows_all_its_parts_on_one_page(page: Page) -> None:
    page.goto("/productos/?cliente=individual&tipo=bundle")
    page.get_by_role("button", name="Asignar a Cliente").click()
    steps.choose_customer(page)
    for picker in page.locator(".picker").all():
        name = (picker.get_attribute("id") or "").removeprefix("picker-")
        assert "--" in name
        steps.choose_item(page, name)
    page.get_by_role("button", name="Continuar").click()
    while page.get_by_role("heading", name="Revisar y Confirmar").count() == 0:
        later = page.get_by_role("button", name=re.compile("más tarde|después", re.IGNORECASE))
        yes = page.get_by_role("button", name="Sí", exact=True)
        go_on = page.get_by_role("button", name="Continuar")
        (yes if yes.count() else later if later.count() else go_on).first.click()
        page.wait_for_load_state()
    look(page, "review")
    expect(page.get_by_text("Incluye:")).to_be_visible()
    steps.confirm(page)
    expect(page.get_by_text(re.compile(r"Progreso: \d+ de \d+ tareas completadas"))).to_be_visible()
    for part in ("Fibra - 100Mbps", "IPTV - Hogar", "VoIP - Línea"):
        expect(page.get_by_role("region", name=part)).to_be_visible()
    expect(page.locator(".result")).to_be_visible()  # the page follows by itself
    look(page, "progress")


def look(page: Page, name: str) -> None:
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
