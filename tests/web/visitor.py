"""What a visitor does to the page in a browser, for tests."""

import base64
from pathlib import Path

from playwright.sync_api import Page

from app import wording

SECONDS = 1000  # milliseconds
VERDICTS = (wording.ABOVE_THRESHOLD, wording.BELOW_THRESHOLD)


def verdict(page: Page) -> str:
    return (page.locator("#result").text_content(timeout=5 * SECONDS) or "").strip()


def upload(page: Page, *paths: Path) -> None:
    page.locator("#picture").set_input_files(list(paths))


def drop(page: Page, name: str, content: bytes) -> None:
    transfer = page.evaluate_handle(
        """([name, text]) => {
            const transfer = new DataTransfer();
            const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            transfer.items.add(new File([bytes], name));
            return transfer;
        }""",
        [name, base64.b64encode(content).decode()],
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("#drop", event, {"dataTransfer": transfer})


def huge(folder: Path) -> Path:
    path = folder / "huge.jpg"
    with path.open("wb") as file:
        file.write(b"\xff\xd8\xff")
        file.truncate(20_500_000)
    return path
