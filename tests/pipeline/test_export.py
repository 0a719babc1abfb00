"""The bundle that the pipeline makes: it says what evaluate found, from the raw files on, wherever it is carried."""

import csv
import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.documented import documented
from tests.pipeline.conftest import Project


def predicted(project: Project, *arguments: str | Path) -> dict[str, dict[str, str]]:
    """The answers of the command line by path."""
    done = project.shell(documented("python -m app.predict inbox", ("inbox", "")), *map(str, arguments), "--format csv")
    return {row["path"]: row for row in csv.DictReader(io.StringIO(done.stdout))}


def test_raw_files_get_the_probabilities_of_evaluate_on_any_machine(finished: Project, tmp_path: Path) -> None:
    """One preprocessing from raw file to pixels: what the command line says is what was evaluated."""
    carried = tmp_path / "carried"
    shutil.copytree(finished.folder / "models/bundle", carried)
    manifest = pd.read_csv(finished.folder / "data/prepared/manifest.csv").set_index("image_id")
    predictions = pd.read_csv(finished.folder / "reports/predictions.csv").set_index("image_id")
    answers = predicted(finished, "data/tiny", "--model", carried)
    columns = [column for column in predictions.columns if column.startswith("p_")]
    for row in predictions.join(manifest["source"]).to_dict("records"):
        answer = answers[f"data/tiny/{row['source']}"]
        assert [float(answer[name]) for name in columns] == pytest.approx([row[name] for name in columns], abs=1e-4)
        assert answer["error"] == ""
    assert len(predictions) > 10


def test_what_the_stage_writes_agrees(finished: Project) -> None:
    found = json.loads((finished.folder / "metrics/export.json").read_text())
    folder = finished.folder / "models/bundle"
    assert found["parity"]["n"] == len(pd.read_csv(finished.folder / "reports/predictions.csv"))
    assert found["parity"]["max_abs_difference"] < 1e-4
    assert found["bytes"] == sum(path.stat().st_size for path in folder.iterdir())
    assert sorted(path.name for path in folder.iterdir()) == [
        "confusion.png", "lesions.json", "lesions.npz", "lesions.tflite", "model_card.md", "pr.png", "reliability.png",
        "roc.png",
    ]  # fmt: skip
    sidecar = json.loads((folder / "lesions.json").read_text())
    rule = sidecar["out_of_distribution"]
    assert list(found["out_of_distribution"].values()) == [
        rule["n_photographs"], len(rule["false_accepts"]), rule["n_test"], rule["false_rejects"]
    ]  # fmt: skip
    decision = json.loads((finished.folder / "models/decision.json").read_text())
    assert {name: sidecar[name] for name in ("temperature", "thresholds", "conformal", "image_size")} == {
        name: decision[name] for name in ("temperature", "thresholds", "conformal", "image_size")
    }
    assert [known["label"] for known in sidecar["classes"]] == decision["classes"]


def test_a_bundle_is_never_made_of_files_that_do_not_belong_together(project: Project) -> None:
    """A prediction table of another run, or of another network: the stage stops, and leaves no bundle."""
    path = project.folder / "reports/predictions.csv"
    table = pd.read_csv(path)
    table[["p_melanoma", "p_nevus"]] = table[["p_nevus", "p_melanoma"]].to_numpy()
    table.to_csv(path, index=False)
    done = project.run("python", "-m", "stages.export", check=False)
    assert done.returncode == 1
    assert "differs from models/model.keras" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.folder / "models/bundle.partial").exists()
