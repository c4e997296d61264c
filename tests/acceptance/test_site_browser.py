"""The site in a real browser, opened as files: silent, alone, usable by keyboard, and without a fault that axe finds.

Chromium comes from the system; where there is none these tests are skipped. They are the only ones that need it.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from site_pages import Site, shared_site

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip

pytestmark = [
    pytest.mark.acceptance, pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: apt-get install chromium"),
]  # fmt: skip

CASE = "case/RQ-2023-0001.html"
KINDS = {
    "overview": "index.html", "cases": "cases.html", "list": "list/requisition-1.html", "case": CASE,
    "search": "search.html?q=RQ", "log": "log/office-6.html", "seals": "seals.html", "glossary": "glossary.html",
}  # fmt: skip
NARROW = {"width": 320, "height": 640}
WIDE = {"width": 1280, "height": 900}
REACHABLE = "a[href], button, input, summary, [tabindex='0']"


@dataclass
class Seen:
    """A page in the browser, and what it said and asked for."""

    page: Page
    folder: Path
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, name: str) -> Page:
        self.page.goto(f"{self.folder.as_uri()}/{name}")
        return self.page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return shared_site(tmp_path_factory)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def seen(site: Site, browser: Browser) -> Iterator[Seen]:
    page = browser.new_page(viewport=WIDE)  # type: ignore[arg-type]
    found = Seen(page, site.folder)

    def said(message: ConsoleMessage) -> None:
        found.said.append(message.text)

    def asked(request: Request) -> None:
        found.asked.append(request.url)

    page.on("console", said)
    page.on("pageerror", lambda error: found.said.append(str(error)))
    page.on("request", asked)
    yield found
    page.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_silent_alone_and_without_a_fault_that_axe_finds(seen: Seen, kind: str) -> None:
    page = seen.open(KINDS[kind])
    for summary in page.locator("summary").all()[:3]:
        summary.click()

    found = Axe().run(page, options={"preload": False, "resultTypes": ["violations"]}).response

    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    assert found["passes"]
    assert seen.said == []
    assert seen.asked
    assert {url.split(":")[0] for url in seen.asked} == {"file"}


def test_every_kind_of_page_fits_a_narrow_screen(seen: Seen) -> None:
    seen.page.set_viewport_size(NARROW)  # type: ignore[arg-type]

    widths = {name: seen.open(name).evaluate("document.documentElement.scrollWidth") for name in KINDS.values()}

    assert set(widths.values()) == {320}, widths


@pytest.mark.parametrize("name", [CASE, "search.html?q=RQ"])
def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(seen: Seen, name: str) -> None:
    page = seen.open(name)
    page.evaluate(
        "wanted => document.querySelectorAll(wanted).forEach((one, place) => one.setAttribute('data-place', place))",
        REACHABLE,
    )
    hidden = page.locator("details:not([open]) a, details:not([open]) [tabindex='0']").count()
    count = page.locator(REACHABLE).count() - hidden

    reached = []
    for _ in range(count):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(
            "() => {const one = document.activeElement, look = getComputedStyle(one);"
            " return [Number(one.dataset.place), look.outlineStyle, parseFloat(look.outlineWidth)]}"
        ))  # fmt: skip

    places = [place for place, _, _ in reached]
    assert places == sorted(set(places)), "in the order of the page, nothing twice"
    assert len(places) == count
    assert all(style == "solid" and width >= 2 for _, style, width in reached), reached


def test_the_first_key_offers_to_skip_to_the_content(seen: Seen) -> None:
    page = seen.open(CASE)

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "content"


def test_a_case_is_found_and_opened_by_keyboard_from_any_page(seen: Seen) -> None:
    page = seen.open(CASE)
    page.locator("#find").focus()
    page.keyboard.type("skepplanda foraldrahalsa sim")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("search.html"))
    assert page.locator("#count").inner_text() == "Träffar: 1. Visas: 1."

    page.locator("#q").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("case/SIM-2021-0004.html"))

    assert "Föräldrahälsa i Skepplanda" in page.locator("h1").inner_text()
    assert seen.said == []


def test_what_is_not_found_is_said_and_escape_clears_it(seen: Seen) -> None:
    page = seen.open("search.html")
    page.locator("#q").focus()
    page.keyboard.type("zzzz <b>")
    said = page.locator("#count").inner_text()

    page.keyboard.press("Escape")

    assert said == "Inga träffar."
    assert page.locator("#q").input_value() == ""
    assert page.locator("#count").inner_text() == ""


def test_letters_and_reminders_can_be_hidden_without_a_script(seen: Seen) -> None:
    page = seen.open("case/SIM-2021-0005.html")
    before = page.locator(".timeline li:visible").count()

    page.locator("#quiet").check()

    assert 0 < page.locator(".timeline li:visible").count() < before
    assert page.locator(".timeline li.marked:visible").count() == 1


def test_a_script_or_a_picture_that_somebody_puts_in_a_page_does_nothing(
    seen: Seen, site: Site, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    shutil.copy(site.folder / "site.css", folder)
    text = (site.folder / "search.html").read_text("utf-8")
    put_in = '<script>document.title = "owned"</script><img src="http://127.0.0.1:9/x" onerror="document.title = 1">'
    (folder / "search.html").write_text(text.replace("</main>", f"{put_in}</main>"), "utf-8")
    seen.folder = folder

    page = seen.open("search.html?q=RQ")

    assert "owned" not in page.title()
    assert len([line for line in seen.said if "Content Security Policy" in line]) >= 2
    assert page.locator("#found a").count() > 0, "our own script still runs"


def test_printed_pages_leave_out_what_only_a_screen_needs(seen: Seen) -> None:
    page = seen.open("index.html")

    page.emulate_media(media="print")

    assert page.locator("nav:visible, form:visible, summary:visible").count() == 0
    assert page.locator(".chart table:visible").count() == page.locator(".chart").count()
    assert page.pdf(format="A4").startswith(b"%PDF")
