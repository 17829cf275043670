"""Makes the README's pictures from the running product: real server, worker, database and Chromium, with the demo's data.

    python scripts/screenshots.py [FOLDER]

Writes docs/images/*.png, or into FOLDER. Everything else happens in a temporary folder."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 200_000
SIZE = {"width": 1280, "height": 800}

sys.path.insert(0, str(ROOT))
scratch = tempfile.TemporaryDirectory(prefix="alta-")
# Before anything reads Alta's settings.
os.environ["ALTA_HOME"] = scratch.name
os.environ["ALTA_TEST_RUN"] = f"pictures{os.getpid()}"
os.environ.pop("DATABASE_URL", None)

from playwright.sync_api import Page, expect, sync_playwright
from tests.browser import steps
from tests.browser.conftest import ARGUMENTS, sign_in
from tests.browser.house import House, chromium, open_house

from alta import postgres


def take(page: Page, name: str, images: Path) -> None:
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    path = images / f"{name}.png"
    page.screenshot(path=path, animations="disabled", caret="hide")
    size = path.stat().st_size
    print(f"{path} {size // 1000} kB")
    if size > MOST_BYTES:
        sys.exit(f"{path} is larger than {MOST_BYTES // 1000} kB")


def pictures(page: Page, house: House, images: Path) -> None:
    """An assignment whose charging system fails once, from the catalogue to the job's log."""
    sign_in(page)
    page.goto("/productos/?cliente=individual&tipo=plan")
    expect(page.get_by_role("heading", name="Móvil - Plan de 20GB")).to_be_visible()
    take(page, "catalogue", images)

    steps.choose_plan(page)
    steps.choose_customer(page)
    steps.choose_item(page, "sim")
    steps.choose_item(page, "number")
    page.evaluate("scrollTo(0, 0)")
    take(page, "inventory", images)
    page.get_by_role("button", name="Continuar").click()
    page.get_by_role("button", name="Sí", exact=True).click()

    house.ocs.delay = 5.0
    steps.confirm(page)
    expect(page.locator(".task-running")).to_contain_text("Configurando cuenta OCS")
    take(page, "progress", images)
    house.ocs.down()
    expect(page.locator(".result-bad")).to_be_visible(timeout=30_000)
    page.evaluate("scrollTo(0, 0)")
    take(page, "failure", images)

    house.ocs.delay = 0.0
    house.ocs.up()
    page.locator(".result-bad").get_by_role("button", name="Reintentar").click()
    expect(page.locator(".result-good")).to_be_visible(timeout=30_000)
    [(job,)] = house.sql("SELECT max(id) FROM runner_job")
    page.goto(f"/trabajos/{job}/")
    page.locator(".task", has_text="Configurando cuenta OCS").locator("summary").first.click()
    take(page, "job", images)


def main() -> None:
    images = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    images.mkdir(parents=True, exist_ok=True)
    program = chromium()
    if program is None:
        sys.exit("no Chromium on this machine: apt-get install chromium")
    postgres.join()
    try:
        with (
            open_house(Path(scratch.name) / "house", real_hlr=False) as house,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            context = browser.new_context(
                base_url=house.url,
                locale="es-ES",
                color_scheme="light",
                reduced_motion="reduce",
                viewport=SIZE,  # type: ignore[arg-type]
            )
            context.set_default_timeout(15_000)
            pictures(context.new_page(), house, images)
            browser.close()
    finally:
        postgres.leave()
        scratch.cleanup()


if __name__ == "__main__":
    main()
