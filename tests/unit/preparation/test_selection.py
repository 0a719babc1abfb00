"""Selection, for any table of pictures, patients, lesions and copies: nothing is lost and nothing leaks."""

import pandas as pd
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from lesions.data.manifest import REASONS
from lesions.preparation.selection import SAME_LESION, SAME_PICTURE, assign, choose_labels
from lesions.runtime.console import UserError
from tests.unit.preparation.test_splits import params

NAMES = st.sampled_from([""] * 20 + list("abcdefgh"))  # mostly unknown, as in published tables
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "label": st.sampled_from(["melanoma", "nevus", "dermatofibroma"]),
            "official_label": st.sampled_from([""] * 8 + ["melanoma", "nevus"]),
            "official_split": st.sampled_from(["train", "train", "test"]),
            "patient": NAMES,
            "lesion": NAMES,
            "official_lesion": NAMES,
            "isic_id": st.sampled_from([""] * 12 + ["ISIC_1", "ISIC_2", "ISIC_3"]),
            "pixels": st.integers(0, 300),
            "reason": st.sampled_from(["", "", "", "", "", "unreadable", "too small"]),
            "problem": st.sampled_from(["", "", "", "", "no row in the table"]),
        }
    ),
    min_size=50,
    max_size=90,
)
PAIRS = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=4)


def table(rows: list[dict[str, object]]) -> pd.DataFrame:
    """As decode_all() leaves it: a file without pixels has no hash, a problem leaves no label."""
    pictures = pd.DataFrame(rows)
    pictures["source"] = [f"{n:03}.jpg" for n in range(len(rows))]
    pictures["sha256"] = ["" if row["reason"] == "unreadable" else f"{row['pixels']:064}" for row in rows]
    pictures["label"] = pictures["label"].where(pictures["problem"] == "", "")
    return pictures.assign(detail=pictures["reason"], official_table="table.csv")


@settings(
    max_examples=min(40, settings().max_examples),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    ROWS,
    PAIRS,
    st.sampled_from(["fraction", "official", "fold"]),
    st.sampled_from(["official", "drop", "keep"]),
    st.randoms(use_true_random=False),
)
def test_every_file_has_one_fate_and_no_group_spans_splits(
    rows: list[dict[str, object]], pairs: list[tuple[int, int]], test: str, conflicts: str, random: object
) -> None:
    setting = params(test=test, label_conflicts=conflicts, folds=3, min_class_groups=3)
    near = pd.DataFrame(pairs, columns=["a", "b"], dtype=int)

    def run(pictures: pd.DataFrame) -> pd.DataFrame:
        return assign(choose_labels(pictures, setting), near, setting)

    try:
        done = run(table(rows))
    except UserError:  # too few classes are left, or no test part: told, not split
        reject()
    used = done[done["reason"] == ""]
    left_out = done[done["reason"] != ""]
    assert set(left_out["reason"]) <= set(REASONS)
    assert (left_out["detail"] != "").all(), "left out without a word"
    assert (left_out["split"] == "").all()
    assert set(used["split"]) <= {"train", "val", "test"}
    assert used["image_id"].is_unique
    assert (used.groupby("group")["split"].nunique() == 1).all()
    for column in (*SAME_LESION, *SAME_PICTURE):
        known = used[used[column] != ""]
        assert (known.groupby(column)["split"].nunique() == 1).all(), f"{column} leaks"
    for a, b in pairs:
        if a in used.index and b in used.index:
            assert used.loc[[a, b], "split"].nunique() == 1, "a near-duplicate leaks"
    if conflicts == "drop":
        assert (used.groupby("sha256")["label"].nunique() == 1).all()
        assert used["sha256"].is_unique
    shuffled = table(rows).sample(frac=1, random_state=random.randrange(2**32))  # type: ignore[attr-defined]
    again = run(shuffled.sort_values("source"))
    assert again["split"].equals(done["split"])
