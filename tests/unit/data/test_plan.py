"""The augmentation plan: read as it was written, and only beside the manifest that it was made from."""

from pathlib import Path

import pandas as pd
import pytest

from lesions.data.plan import class_shares, class_weights, read_plan
from lesions.runtime.console import UserError


def manifest(**train: int) -> pd.DataFrame:
    """That many training pictures of each class, and one for testing."""
    return pd.DataFrame(
        [{"label": label, "split": split} for label, n in train.items() for split in ["train"] * n + ["test"]]
    )


def written(folder: Path, *rows: str) -> Path:
    path = folder / "plan.csv"
    path.write_text("\n".join(["label,n_raw,n_usable,n_train,n_target,n_add", *rows]) + "\n", encoding="utf-8")
    return path


def test_shares_and_weights_are_in_the_order_of_the_classes(tmp_path: Path) -> None:
    """In the order of the file they would belong to other classes."""
    plan = read_plan(written(tmp_path, "b,9,9,6,9,0", "a,2,2,1,3,2"), manifest(b=6, a=1))
    assert list(plan.index) == ["a", "b"]
    assert class_shares(plan).tolist() == [0.25, 0.75]
    assert class_weights(plan).tolist() == pytest.approx([3 * 7 / 12, 1.5 * 7 / 12])


def test_classes_may_be_named_by_numbers_and_by_what_pandas_takes_for_nothing(tmp_path: Path) -> None:
    plan = read_plan(written(tmp_path, "0,1,1,1,3,2", "NA,6,6,6,9,0"), manifest(**{"0": 1, "NA": 6}))
    assert class_shares(plan).tolist() == [0.25, 0.75]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["a,9,9,2,2,0"], "does not fit the manifest, which has 1 training pictures of a"),
        (["b,9,9,1,1,0"], "does not fit the manifest, which has 1 training pictures of a"),
        (["a,9,9,many,1,0"], "plan.csv: .*run `dvc repro analyze_imbalance` again"),
    ],
    ids=["another split", "another class", "no number"],
)
def test_a_plan_of_other_pictures_is_refused(rows: list[str], message: str, tmp_path: Path) -> None:
    """Copies and weights that were planned for other pictures would silently change what is trained."""
    with pytest.raises(UserError, match=message):
        read_plan(written(tmp_path, *rows), manifest(a=1))


def test_a_missing_plan_and_a_class_that_cannot_be_trained_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"plan\.csv is not there: run `dvc repro analyze_imbalance` first"):
        read_plan(tmp_path / "plan.csv", manifest(a=1))
    with pytest.raises(UserError, match="class b has no training picture"):
        read_plan(written(tmp_path, "a,1,1,1,1,0", "b,1,1,0,0,0"), manifest(a=1, b=0))
