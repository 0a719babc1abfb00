"""The augment stage on small folders: what it writes, and that only training pictures are copied."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from lesions.augmentation.copies import choose_copies, write_copies
from lesions.data.manifest import EXCLUDED_COLUMNS, write_manifest
from lesions.data.pixels import read_pixels
from lesions.runtime import parallel
from lesions.runtime.console import UserError
from stages import analyze_imbalance, augment
from tests.unit.augmentation.test_copies import SIDE, picture, rows

PARAMS = Path(__file__).parents[3] / "params.yaml"
FLIPS_AND_TURNS: dict[str, dict[str, Any]] = {
    "rotate": {"probability": 0.7, "max_left_rotation": 10, "max_right_rotation": 10},
    "flip_left_right": {"probability": 0.5},
    "zoom": {"probability": 0.3, "min_factor": 1.05, "max_factor": 1.2},
    "random_erasing": {"probability": 0.4, "rectangle_area": 0.3},  # draws from both of Augmentor's streams
}


def write_prepared(manifest: pd.DataFrame) -> None:
    prepared = Path("data/prepared")
    for number, path in enumerate(manifest["path"]):
        (prepared / path).parent.mkdir(parents=True, exist_ok=True)
        picture(number).save(prepared / path)
    write_manifest(prepared, manifest, pd.DataFrame(columns=list(EXCLUDED_COLUMNS)))


def write_params(**changes: dict[str, Any]) -> None:
    params = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    for group, values in changes.items():
        params[group].update(values)
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.png"))}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder as the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_number_of_workers_and_the_order_of_work_do_not_matter(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = rows(nevus=["train"] * 5)
    write_prepared(training)
    copies = choose_copies(training, pd.Series({"nevus": 24}), seed=3)
    monkeypatch.setattr(parallel, "TOO_FEW_FOR_PROCESSES", 1)
    made: dict[int, dict[str, bytes]] = {}
    for workers, order in ((1, copies), (2, copies), (1, copies[::-1])):
        monkeypatch.setattr(parallel, "available_cores", lambda workers=workers: workers)
        folder = project / f"{len(made)}"
        folder.mkdir()
        assert write_copies(order, FLIPS_AND_TURNS, 3, Path("data/prepared"), folder) == 0
        made[len(made)] = files_in(folder)
    assert len(made[0]) == 24
    assert made[0] == made[1], "another number of workers makes other pictures"
    assert made[0] == made[2], "another order of work makes other pictures"


def test_the_stage_copies_training_pictures_only(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = rows(nevus=["train"] * 7 + ["val", "test"], melanoma=["train", "train", "val", "test"])
    write_prepared(manifest)
    write_params(
        rebalance={"method": "augment", "target": "match_majority", "cap": None},
        augment={"operations": FLIPS_AND_TURNS, "sheet_rows": 2},
    )
    analyze_imbalance.main()
    augment.main()

    made = files_in(Path("data/augmented"))
    assert len(made) == 5
    train = set(manifest.loc[manifest["split"] == "train", "image_id"])
    sources = {Path(name).stem.rsplit("__", 1)[0] for name in made}
    assert sources <= train, f"copies of pictures that are not in training: {sources - train}"
    for name in made:
        with Image.open(Path("data/augmented") / name) as image:
            assert (image.format, image.mode, image.size, image.info) == ("PNG", "RGB", (SIDE, SIDE), {})
        original = read_pixels(Path("data/prepared/train/melanoma") / f"{Path(name).stem.rsplit('__', 1)[0]}.png")
        assert not np.array_equal(read_pixels(Path("data/augmented") / name), original)
    assert "5 new pictures of 2 training pictures (classes: 1)" in capsys.readouterr().out

    sheet = Path("plots/augment/augmented.png").read_bytes()
    augment.main()
    assert files_in(Path("data/augmented")) == made, "a second run makes other pictures"
    assert Path("plots/augment/augmented.png").read_bytes() == sheet


def test_nothing_to_add_leaves_an_empty_folder_and_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_prepared(rows(nevus=["train"] * 3, melanoma=["train"]))
    write_params(rebalance={"method": "weights"}, augment={"operations": {}})
    analyze_imbalance.main()
    augment.main()
    assert list(Path("data/augmented").iterdir()) == []
    assert Path("plots/augment/augmented.png").is_file()
    assert capsys.readouterr().out.endswith("data/augmented: empty, the plan asks for no new pictures\n")


@pytest.mark.parametrize("operations", [{}, {"invert": {"probability": 0}}])
def test_copies_without_an_operation_are_refused(operations: dict[str, dict[str, Any]], project: Path) -> None:
    write_prepared(rows(nevus=["train"] * 3, melanoma=["train"]))
    write_params(rebalance={"method": "augment", "target": "match_majority"}, augment={"operations": operations})
    analyze_imbalance.main()
    with pytest.raises(UserError, match=r"augment\.operations: 2 new pictures are planned, but no operation can fire"):
        augment.main()
    assert not Path("data/augmented").exists(), "half an output is left behind"


def test_a_plan_of_other_pictures_is_refused(project: Path) -> None:
    write_prepared(rows(nevus=["train"] * 3, melanoma=["train"]))
    write_params(augment={"operations": FLIPS_AND_TURNS})
    with pytest.raises(
        UserError, match=r"augmentation_plan\.csv is not there: run `dvc repro analyze_imbalance` first"
    ):
        augment.main()
    analyze_imbalance.main()
    write_prepared(rows(nevus=["train"] * 4, melanoma=["train"]))
    with pytest.raises(UserError, match="does not fit the manifest"):
        augment.main()
