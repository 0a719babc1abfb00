"""Every page, in every state and both colour schemes, held against axe-core's rules: WCAG 2.2 A and AA, and more."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import Server

WAIT = 10_000  # milliseconds


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']]}" for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_breaks_a_rule(
    server: Server,
    synthetic_server: Server,
    empty_server: Server,
    browser: Browser,
    pictures: dict[str, Path],
    scheme: str,
    width: int,
) -> None:
    """Contrast, names of fields, order of headings, ...: whatever axe finds keeps somebody from reading a score."""
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    found = {}
    for name, address in {
        "start": server.url,
        "model": server.url + "model",
        "synthetic": synthetic_server.url,
        "lost": server.url + "nothing-here",
        "empty": empty_server.url,
    }.items():
        page.goto(address)
        found[name] = violations(page)
    page.goto(server.url)
    page.locator("#picture").set_input_files(pictures["melanoma"])
    expect(page.locator(".result")).to_be_visible(timeout=WAIT)
    found["result"] = violations(page)
    page.locator("#heat").check()
    found["heat"] = violations(page)
    page.locator("#picture").set_input_files(list(pictures.values()))
    expect(page.locator("#status")).to_contain_text("done", timeout=WAIT)
    found["table"] = violations(page)
    page.locator("#picture").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    expect(page.locator(".problem")).to_be_visible(timeout=WAIT)
    found["problem"] = violations(page)
    context.close()
    assert {name: broken for name, broken in found.items() if broken} == {}


def test_the_answer_is_announced(server: Server, page: Page, pictures: dict[str, Path]) -> None:
    """Who does not see the page is told that it works on the picture, and is then led to the answer."""
    page.goto(server.url)
    said = page.evaluate_handle(
        """() => {
            const said = [];
            const status = document.querySelector('[role=status]');
            new MutationObserver(() => said.push(status.textContent)).observe(status, {childList: true});
            return said;
        }"""
    )
    page.locator("#picture").set_input_files(pictures["nevus"])
    expect(page.locator("#result")).to_be_focused(timeout=WAIT)
    assert "Looking at nevus.jpg" in said.json_value()[0]
    assert page.locator("section.result").get_attribute("aria-labelledby") == "result"
