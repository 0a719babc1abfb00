"""Cross-validation through DVC: folds are queued, run one after the other, and gathered by the experiments' names."""

import json

from tests.documented import documented
from tests.pipeline.conftest import SMALL, Project


def test_queued_folds_test_every_picture_once_and_are_gathered_by_name(project: Project) -> None:
    """They run the code that they were queued with: an installed package would be that of a later day."""
    queue = documented("dvc exp run --queue -S prepare.test=fold -S 'prepare.fold=range(0,5)'", ("0,5", "0,2"))
    project.shell(queue, "-S", "prepare.folds=2", "evaluate")
    code = project.folder / "stages/train.py"
    code.write_text("raise SystemExit('the code of a later day')\n", encoding="utf-8")
    project.run_queue(experiments=2)
    project.run("git", "restore", "stages")
    names = project.experiments()
    gather = documented("python -m app.folds $(dvc exp list --name-only)")
    found = json.loads(project.shell(gather, "--format", "json").stdout)
    assert [fold["fold"] for fold in found["folds"]] == ["0", "1"]
    assert found["warnings"] == [], "a picture that no fold tests, or a fold that is missing"
    recalls = found["pooled"]["per_class"]
    assert {label.replace("_", " "): row["n"] for label, row in recalls.items()} == SMALL
    assert 0 <= found["min"]["accuracy"] <= found["mean"]["accuracy"] <= found["max"]["accuracy"] <= 1

    one = project.run("python", "-m", "app.folds", names[0])
    assert "of 2 folds, numbered from 0, these are missing" in one.stdout
    for mistake, message in {names[0]: "hold the same predictions", "HEAD": "params differ", "nil": names[0]}.items():
        done = project.run("python", "-m", "app.folds", names[0], mistake, check=False)
        assert done.returncode == 1
        assert message in done.stderr
        assert "Traceback" not in done.stderr
