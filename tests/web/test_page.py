"""The page in a real browser: what a person sees and does."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app import wording
from app.web.disclaimers import NOT_CLASSES
from tests.web.conftest import Server
from tests.web.visitor import SECONDS, VERDICTS, huge, upload, verdict

NEVER = ("benign ", "low risk", "chance", "cancer", "healthy skin.", "see a doctor", "consult", "safe")


def test_a_chosen_picture_is_answered(server: Server, page: Page, pictures: dict[str, Path]) -> None:
    """The main thing a visitor does, with every part of the answer."""
    page.goto(server.url)
    upload(page, pictures["melanoma"])
    expect(page.locator("#result")).to_be_visible(timeout=5 * SECONDS)
    assert verdict(page) in VERDICTS
    said = page.locator(".result").inner_text()
    assert "melanoma score" in said and "threshold" in said
    names = page.locator(".bars tbody th").all_inner_texts()
    assert sorted(names) == ["melanoma", "nevus", "vascular lesion"]
    scores = [float(text) for text in page.locator(".bars tbody .number").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    assert abs(sum(scores) - 1) < 0.02
    expect(page.locator(".layers img").first).to_have_js_property("complete", True)
    assert page.locator("#result").evaluate("heading => heading === document.activeElement")


def test_a_wrong_file_is_told_apart_by_its_content(server: Server, page: Page, tmp_path: Path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("not a picture", encoding="utf-8")
    page.goto(server.url)
    upload(page, path)
    expect(page.locator(".problem")).to_contain_text("Neither a JPEG nor a PNG", timeout=5 * SECONDS)
    assert page.locator(".result").count() == 0


def test_a_huge_file_is_not_even_sent(server: Server, page: Page, tmp_path: Path) -> None:
    path = huge(tmp_path)
    page.goto(server.url)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    upload(page, path)
    expect(page.locator(".problem")).to_contain_text("Larger than 20 MB")
    assert "POST" not in sent


def test_the_heat_map_is_off_until_it_is_switched_on(server: Server, page: Page, pictures: dict[str, Path]) -> None:
    page.goto(server.url)
    upload(page, pictures["melanoma"])
    heat = page.locator(".layers .heat")
    expect(heat).to_be_hidden(timeout=5 * SECONDS)
    page.get_by_label("where the score came from").check()
    expect(heat).to_be_visible()
    picture, layer = page.locator(".layers img").first.bounding_box(), heat.bounding_box()
    assert picture == layer, "the layer must lie on the picture, exactly"


def test_several_pictures_become_a_table_in_which_a_bad_one_is_a_row(
    server: Server, page: Page, pictures: dict[str, Path], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\nand nothing else")
    page.goto(server.url)
    upload(page, pictures["nevus"], bad, huge(tmp_path), pictures["melanoma"])
    expect(page.locator("#status")).to_have_text("4 pictures: done.", timeout=10 * SECONDS)
    rows = page.locator(".results tbody tr").all_inner_texts()
    assert [name in row for name, row in zip(("nevus", "bad.png", "huge", "melanoma"), rows, strict=True)] == [True] * 4
    assert "damaged" in rows[1] and "Larger than 20 MB" in rows[2]
    assert any(words in rows[0].lower() for words in VERDICTS)


def test_an_example_can_be_tried(synthetic_server: Server, page: Page) -> None:
    page.goto(synthetic_server.url)
    page.get_by_role("button", name="drawn as nevus").click()
    assert verdict(page) in VERDICTS


def test_a_model_of_synthetic_pictures_says_so_everywhere_and_answers_nothing_else(
    synthetic_server: Server, page: Page, tmp_path: Path, pictures: dict[str, Path]
) -> None:
    for address in ("", "model"):
        page.goto(synthetic_server.url + address)
        expect(page.locator(".banner")).to_contain_text("Trained on synthetic pictures.")
        expect(page.locator(".banner")).to_contain_text("dvc exp run")
    page.goto(synthetic_server.url)
    stranger = tmp_path / "stranger.jpg"
    stranger.write_bytes(pictures["nevus"].read_bytes() + b"\0")  # decodes alike, and yet it is not the example
    upload(page, stranger)
    expect(page.locator(".problem")).to_contain_text("its own example pictures only", timeout=5 * SECONDS)
    upload(page, pictures["nevus"])
    expect(page.locator(".result")).to_be_visible(timeout=5 * SECONDS)


def test_what_must_be_known_stands_beside_every_page(server: Server, page: Page) -> None:
    """With the numbers of this model: no score may be read without them."""
    for address in ("", "model", "nothing-here"):
        page.goto(server.url + address)
        limits = page.locator("aside.limits")
        for text in (
            "Of 12 melanomas in the test, ",
            NOT_CLASSES,
            "nails, mucosa, acral skin, children, darker skin",
            "collection",
            wording.NOT_A_DEVICE,
        ):
            expect(limits).to_contain_text(text)
        expect(limits.locator(".version")).not_to_be_empty()


@pytest.mark.parametrize("slug", ["melanoma", "nevus", "vascular-lesion"])
def test_no_answer_comforts_or_advises(server: Server, page: Page, pictures: dict[str, Path], slug: str) -> None:
    page.goto(server.url)
    upload(page, pictures[slug])
    expect(page.locator("#result")).to_be_visible(timeout=5 * SECONDS)
    said = page.locator(".result").inner_text().lower()
    assert not [words for words in NEVER if words in said]
    greenish = page.evaluate(
        """() => [...document.querySelectorAll('body *')].flatMap((element) => {
            const style = getComputedStyle(element);
            return [style.color, style.backgroundColor, style.borderTopColor, style.fill];
        }).filter((colour) => {
            const [red, green, blue] = (colour.match(/[0-9.]+/g) ?? [0, 0, 0]).map(Number);
            return green > red + 30 && green > blue + 30;
        })"""
    )
    assert greenish == []


def test_nothing_comes_from_elsewhere_and_no_script_fails(
    server: Server, page: Page, pictures: dict[str, Path]
) -> None:
    """A picture of a patient must not tell anybody that it was looked at; the policy must not break the page itself."""
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(server.url)
    upload(page, pictures["melanoma"])
    expect(page.locator("#result")).to_be_visible(timeout=5 * SECONDS)
    page.goto(server.url + "model")
    assert [url for url in asked if not url.startswith((server.url, "data:", "blob:"))] == []
    assert said == []


def test_the_model_page_shows_card_and_charts(server: Server, page: Page) -> None:
    page.goto(server.url + "model")
    expect(page.locator("h1")).to_have_text("Model card")
    expect(page.locator(".card")).to_contain_text("<b>made by a test</b>")  # as text
    charts = page.locator(".charts img")
    expect(charts).to_have_count(1)
    for chart in charts.all():
        chart.scroll_into_view_if_needed()
        expect(chart).to_have_js_property("complete", True)
        assert chart.evaluate("image => image.naturalWidth") > 100


def test_without_a_model_the_page_says_which_command_makes_one(empty_server: Server, page: Page) -> None:
    for address in ("", "model"):
        page.goto(empty_server.url + address)
        expect(page.locator("main")).to_contain_text("dvc repro export")
    assert "dvc repro export" in "".join(empty_server.log)
