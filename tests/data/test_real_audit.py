"""The audit of the real nine-class pictures finds what is known to be wrong with them, checked by ISIC id."""

from collections import defaultdict
from pathlib import Path, PurePosixPath

import pandas as pd
import pytest

from lesions.datasets.raw import picture_id
from lesions.preparation.leakage import leakage_counts
from lesions.preparation.prepare import PreparedDataset, prepare
from tests.unit.preparation.test_splits import params


@pytest.fixture(scope="module")
def files(shared: Path) -> dict[str, list[str]]:
    """The files of each ISIC id, as paths below the data set's folder."""
    found = defaultdict(list)
    for path in sorted((shared / "data/isic9").rglob("*.jpg")):
        found[picture_id(path.stem)].append(path.relative_to(shared / "data/isic9").as_posix())
    return found


def prepared_with(shared: Path, labels: Path, folder: Path, conflicts: str) -> PreparedDataset:
    folder.mkdir()
    return prepare(shared / "data/isic9", labels, 64, params(label_conflicts=conflicts, min_class_groups=5), folder)


@pytest.fixture(scope="module")
def plain(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> PreparedDataset:
    """Without official tables."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "labels").mkdir()
    return prepared_with(shared, folder / "labels", folder / "prepared", "drop")


@pytest.fixture(scope="module")
def official(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> PreparedDataset:
    """With the official tables."""
    return prepared_with(shared, shared / "data/tables", tmp_path_factory.mktemp("official") / "prepared", "official")


def folder_of(path: str) -> str:
    return PurePosixPath(path).parent.name


def test_every_picture_filed_under_two_classes_is_found_and_unused(
    plain: PreparedDataset, files: dict[str, list[str]]
) -> None:
    twice = {path for paths in files.values() if len({folder_of(path) for path in paths}) > 1 for path in paths}
    assert len(twice) > 200
    reasons = plain.pictures.set_index("source")["reason"]
    assert set(reasons[sorted(twice)]) == {"label conflict"}
    assert set(reasons[reasons == "label conflict"].index) == twice


def test_eight_of_nine_classes_remain_without_tables(plain: PreparedDataset) -> None:
    """No picture of seborrheic keratosis is left that does not also stand under melanoma, but for a handful."""
    assert plain.used["label"].nunique() == 8
    assert "seborrheic_keratosis" not in set(plain.used["label"])


def test_every_train_test_copy_is_known(official: PreparedDataset, files: dict[str, list[str]]) -> None:
    both = [paths for paths in files.values() if len({path.split("/")[0] for path in paths}) == 2]
    table = leakage_counts(official.pictures, official.near)
    shared_by = {(row["split"], row["kind"]): row["n_shared"] for row in table.to_dict("records")}
    in_test = sum(sum(path.startswith("Test/") for path in paths) for paths in both)
    assert shared_by["official", "picture"] == in_test
    assert shared_by["official", "any"] >= in_test
    assert shared_by["ours", "any"] == 0, "our own split leaks"


def test_every_official_disagreement_is_listed(official: PreparedDataset, shared: Path) -> None:
    """Checked against the published table read with pandas alone."""
    truth = pd.read_csv(shared / "data/tables/ISIC_2019_Training_GroundTruth.csv").set_index("image")
    codes = {
        "actinic keratosis": {"AK"}, "basal cell carcinoma": {"BCC"}, "dermatofibroma": {"DF"}, "melanoma": {"MEL"},
        "nevus": {"NV"}, "pigmented benign keratosis": {"BKL"}, "seborrheic keratosis": {"BKL"},
        "squamous cell carcinoma": {"SCC"}, "vascular lesion": {"VASC"},
    }  # fmt: skip
    ids = {name.removesuffix("_downsampled"): name for name in truth.index}
    wrong = set()
    for source in official.pictures["source"]:
        name = ids.get(picture_id(PurePosixPath(source).stem))
        if name and truth.loc[name].idxmax() not in codes[folder_of(source)]:
            wrong.add(source)
    assert len(wrong) > 80
    assert wrong <= set(official.label_check.disagreements["source"])


def test_no_group_spans_splits_and_every_file_is_accounted_for(official: PreparedDataset, shared: Path) -> None:
    assert (official.used.groupby("group")["split"].nunique() == 1).all()
    raw = {path.relative_to(shared / "data/isic9").as_posix() for path in (shared / "data/isic9").rglob("*.jpg")}
    assert set(official.pictures["source"]) == raw
    assert official.pictures["source"].is_unique
