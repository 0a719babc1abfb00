"""The page as it is served: `python -m app.serve` in a process of its own, with a model that the pipeline has made."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Playwright

from app.web.examples import make_examples
from lesions.bundle.bundle import METADATA
from lesions.evaluation import charts
from lesions.export import ood_check
from lesions.rendering import figures
from lesions.runtime.outputs import write_json
from tests import browser
from tests.documented import documented
from tests.imports import REPOSITORY


class Server(NamedTuple):
    """A server that runs: where its page is, its process, and what it has written to stderr so far."""

    url: str
    process: "subprocess.Popen[str]"
    log: list[str]

    def memory(self) -> float:
        """Resident memory, MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


@contextmanager
def serving(model: Path) -> Iterator[Server]:
    """A server for the model in a folder, on a free port, until the block ends."""
    told = documented("python -m app.serve").split()[1:]
    command = [sys.executable, *told, "--port", "0", "--model", str(model)]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout and process.stderr
    log: list[str] = []
    reader = threading.Thread(target=log.extend, args=(process.stderr,), daemon=True)
    reader.start()
    try:
        line = process.stdout.readline()
        assert line.startswith("http://127.0.0.1:"), line + "".join(log)
        yield Server(line.split()[0], process, log)
    finally:
        process.terminate()
        process.wait(timeout=10)
        reader.join(timeout=10)
        process.stdout.close()
        process.stderr.close()


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle as the export stage makes it, of a small network and pictures from one collection; chart and card."""
    from tests.unit.bundles import exported  # imports TensorFlow, which the tests without a model do not need

    made = exported(tmp_path_factory.mktemp("made"), "lesion_net", origin="HAM10000")
    test = made.predictions[made.predictions["split"] == "test"]
    figures.save(charts.confusion_chart(test, made.bundle.metadata.labels, ""), made.folder / "confusion.png")
    table = "| a | b |\n| :-- | --: |\n| 1 | 2 |\n"
    text = f"# Model card\n\n<b>made by a test</b>\n\n{table}{ood_check.card_section(made.bundle.metadata)}"
    (made.folder / "model_card.md").write_text(text, encoding="utf-8")
    return made.folder


@pytest.fixture(scope="session")
def server(bundle: Path) -> Iterator[Server]:
    """A server for a model that takes its pictures for photographs."""
    with serving(bundle) as found:
        yield found


@pytest.fixture(scope="session")
def synthetic_server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for a model that has only seen drawn pictures, as its sidecar says."""
    folder = tmp_path_factory.mktemp("synthetic") / "bundle"
    shutil.copytree(bundle, folder)
    content = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    content["data"]["synthetic"] = True
    write_json(folder / METADATA, content)
    with serving(folder) as found:
        yield found


@pytest.fixture(scope="session")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that was started before there is a model."""
    with serving(tmp_path_factory.mktemp("nothing") / "bundle") as found:
        yield found


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The example pictures as files, by slug: <slug>.jpg."""
    folder = tmp_path_factory.mktemp("pictures")
    examples = make_examples()
    for slug, example in examples.items():
        (folder / f"{slug}.jpg").write_bytes(example.content)
    return {slug: folder / f"{slug}.jpg" for slug in examples}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], playwright: Playwright) -> dict[str, Any]:
    """What pytest-playwright starts: the system's Chromium, else its own; skips where there is neither."""
    found = browser.installed() or playwright.chromium.executable_path
    if not Path(found).exists():
        pytest.skip("needs Chromium: apt-get install chromium, or playwright install chromium")
    return browser_type_launch_args | {"executable_path": found, "args": browser.flags()}
