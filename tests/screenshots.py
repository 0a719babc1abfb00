"""The screenshots in docs/: report, web page, data audit and `dvc plots diff`, of the drawn demo: `make screenshots`.

Runs the pipeline where it is not up to date. The results are compared with those that stood in Git before them.
"""

import io
import subprocess
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from lesions.data.manifest import is_synthetic, read_manifest
from lesions.params.paths import BUNDLE, DATA_AUDIT, LEARNING_CURVES, PREPARED, REPORT
from lesions.runtime.console import UserError, run
from lesions.runtime.outputs import whole_file
from tests import browser
from tests.imports import REPOSITORY
from tests.web.conftest import serving

DOCS = REPOSITORY / "docs"
MAX_BYTES = 300_000  # of a file in Git
COLOURS = 256
PLOTS = ("Loss", "Accuracy", "Confusion, shares", "ROC")  # of dvc.yaml
FILE = "screenshot_{}.png"
WIDTH, HEIGHT = 1100, 1000  # pixels


def main() -> None:
    """Make the four files."""
    _output("dvc", "repro")  # nothing where all is up to date
    if not is_synthetic(read_manifest(PREPARED)):
        raise UserError("data/prepared holds photographs: screenshots of them are not for a repository")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.installed(), args=browser.flags())
        _save(_open(chromium, REPORT.resolve().as_uri()), "report")
        audit = _open(chromium, DATA_AUDIT.resolve().as_uri())
        audit.get_by_role("heading", name="Pictures under two labels").evaluate("heading => heading.scrollIntoView()")
        _save(audit, "audit")
        _web_page(chromium)
        _plots_diff(chromium)


def _web_page(chromium: Browser) -> None:
    with serving(BUNDLE) as server:
        page = _open(chromium, server.url)
        page.get_by_role("button", name="drawn as melanoma").click()
        page.locator("#result").wait_for()
        page.get_by_label("where the score came from").check()
        _save(page, "page")


def _plots_diff(chromium: Browser) -> None:
    """Charts of numbers alone: DVC writes no page at all where its cache lacks a picture of the older revision."""
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.html"
        template.write_text(browser.plots_template(), encoding="utf-8")
        options = ("--out", folder, "--html-template", str(template), "--targets", *PLOTS)
        _output("dvc", "plots", "diff", *options, "--", _earlier_results(), "workspace")
        page = _open(chromium, (Path(folder) / "index.html").as_uri())
        page.locator("svg").last.wait_for()
        _save(page, "plots_diff")


def _earlier_results() -> str:
    """The newest commit whose curves are not those of the workspace."""
    curve = (LEARNING_CURVES / "metrics.json").as_posix()
    now = Path(curve).read_text(encoding="utf-8")
    for commit in _output("git", "log", "--format=%h", "--", curve).split():
        if _output("git", "show", f"{commit}:{curve}") != now:
            return commit
    raise UserError("Git holds no earlier results to compare with: `git fetch --unshallow`, if this is a shallow clone")


def _open(chromium: Browser, url: str) -> Page:
    page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
    page.goto(url)
    return page


def _save(page: Page, name: str) -> None:
    """Write what the window shows, in so many colours as a chart and small pictures need."""
    with Image.open(io.BytesIO(page.screenshot())) as screenshot:
        picture = screenshot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    if file.tell() > MAX_BYTES:
        raise UserError(
            f"docs/{FILE.format(name)} would have {file.tell():,} bytes, at most {MAX_BYTES:,} are meant for Git"
        )
    with whole_file(DOCS / FILE.format(name)) as partial:
        partial.write_bytes(file.getvalue())
    print(f"docs/{FILE.format(name)}: {picture.width} x {picture.height}, {file.tell() / 1000:.0f} kB")


def _output(*command: str) -> str:
    """What a command prints; its messages go to the terminal. Raises UserError where it fails."""
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise UserError(f"`{' '.join(command)}` ended with {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    run(main, recovery_hint="The screenshots that were there are as they were.")
