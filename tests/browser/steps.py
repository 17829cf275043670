"""What an agent does, step by step, by the words on the screen."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def choose_plan(page: Page, name: str = "Móvil - Plan de 20GB") -> None:
    page.goto("/")
    page.get_by_role("link", name="Productos").first.click()
    page.get_by_role("group", name="Tipo de cliente").get_by_role("link", name="Individual").click()
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name, exact=True))
    card.get_by_role("button", name="Asignar a Cliente").click()


def choose_customer(page: Page, search: str = "+1234567890", name: str = "John Smith") -> None:
    page.get_by_label("Buscar Clientes").last.press_sequentially(search, delay=15)
    page.get_by_role("button", name=name).click()


def choose_item(page: Page, picker: str, item: int = 0) -> str:
    """Selects an item of a picker; its identifier."""
    field = page.locator(f"#picker-{picker}")
    button = field.locator(".item").nth(item)
    identifier = button.locator("strong").inner_text()
    button.click()
    expect(field.locator(".picked")).to_contain_text(identifier)
    return identifier


def up_to_review(page: Page) -> tuple[str, str]:
    """From the start page to the review; the SIM and the number chosen."""
    choose_plan(page)
    choose_customer(page)
    sim, number = choose_item(page, "sim"), choose_item(page, "number")
    page.get_by_role("button", name="Continuar").click()
    page.get_by_role("button", name="Sí", exact=True).click()
    return sim, number


def confirm(page: Page) -> None:
    page.get_by_role("button", name="Confirmar y Aprovisionar").click()
