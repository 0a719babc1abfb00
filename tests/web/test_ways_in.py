"""The page by other ways than a mouse and a button: dropped pictures, a keyboard, a phone, no scripts."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import Server
from tests.web.visitor import SECONDS, VERDICTS, drop, huge, upload, verdict


def test_a_dropped_picture_is_answered(server: Server, page: Page, pictures: dict[str, Path]) -> None:
    page.goto(server.url)
    drop(page, "nevus.jpg", pictures["nevus"].read_bytes())
    assert verdict(page) in VERDICTS
    expect(page.locator("figcaption")).to_have_text("nevus.jpg")


def test_a_picture_dropped_beside_the_field_does_not_leave_the_page(server: Server, page: Page) -> None:
    """Browsers open a dropped file instead of the page; whoever misses the field would lose what is shown."""
    page.goto(server.url)
    assert page.locator("h1").evaluate(
        """heading => !heading.dispatchEvent(new DragEvent('drop', {bubbles: true, cancelable: true}))"""
    )


def test_without_scripts_a_picture_is_answered_by_the_plain_form(
    server: Server, browser: Browser, pictures: dict[str, Path], tmp_path: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url)
    upload(page, pictures["melanoma"])
    page.get_by_role("button", name="Show scores").click()
    assert verdict(page) in VERDICTS
    page.get_by_label("where the score came from").check()
    expect(page.locator(".layers .heat")).to_be_visible()
    upload(page, *pictures.values())
    page.get_by_role("button", name="Show scores").click()
    expect(page.locator(".results tbody tr")).to_have_count(len(pictures))
    upload(page, huge(tmp_path))
    page.get_by_role("button", name="Show scores").click()
    expect(page.locator(".problem")).to_contain_text("Larger than 20 MB")
    context.close()


def test_the_keyboard_alone_is_enough(server: Server, page: Page, pictures: dict[str, Path]) -> None:
    """From the top of the page to the heat map, without a pointer."""
    page.on("filechooser", lambda chooser: chooser.set_files(pictures["nevus"]))
    page.goto(server.url)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#picture")).to_be_focused()
    assert page.locator("#picture").evaluate("field => getComputedStyle(field).outlineStyle") == "solid"
    page.keyboard.press("Space")
    expect(page.locator("#result")).to_be_focused(timeout=5 * SECONDS)
    page.keyboard.press("Tab")
    expect(page.locator("#heat")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(".layers .heat")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_screen(
    server: Server, browser: Browser, pictures: dict[str, Path], scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True,
        color_scheme="dark" if scheme == "dark" else "light",
    )  # fmt: skip
    page = context.new_page()
    page.goto(server.url)
    upload(page, pictures["melanoma"])
    expect(page.locator("#result")).to_be_visible(timeout=5 * SECONDS)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    expect(page.locator(".underline")).to_be_in_viewport()
    expect(page.locator(".underline")).to_contain_text("missed")
    upload(page, *pictures.values())
    expect(page.locator("#status")).to_contain_text("done", timeout=10 * SECONDS)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    context.close()
