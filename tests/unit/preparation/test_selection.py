"""Selection, for any table of pictures, patients, lesions and copies: nothing is lost and nothing leaks."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from lesions.data.manifest import MODALITIES, REASONS
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
            "modality": st.sampled_from(["dermoscopy"] * 8 + ["", "clinical"]),
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
    pictures["phash"] = [f"{0 if int(str(row['pixels'])) % 2 else 2**64 - 1:016x}" for row in rows]
    pictures["table_id"] = ""
    pictures["label"] = pictures["label"].where(pictures["problem"] == "", "")
    return pictures.assign(detail=pictures["reason"], official_table="table.csv", dataset="", width=100)


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
    assert len(set(used["modality"]) - {""}) <= 1, "modalities are mixed unasked"
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


@pytest.mark.parametrize(
    ("present", "setting", "kept"),
    [
        ("dermoscopy clinical total_body", "auto", "dermoscopy"),
        ("total_body", "auto", "total_body"),
        ("dermoscopy clinical", "clinical", "clinical"),
        ("dermoscopy clinical", "all", "dermoscopy clinical"),
        ("clinical total_body", "auto", ""),
        ("dermoscopy", "total_body", ""),
        ("", "clinical", ""),
    ],
)
def test_modalities_are_mixed_only_when_asked(present: str, setting: str, kept: str) -> None:
    """A network that sees photographs and dermoscopy learns the camera; what is undecided is an error, no guess."""
    modalities = [*present.split(), ""] * 2
    row = {"label": "nevus", "problem": "", "official_label": "", "official_split": "", "isic_id": "", "reason": ""}
    pictures = table([{**row, "modality": modality, "pixels": n} for n, modality in enumerate(modalities)])
    if present and not kept:
        with pytest.raises(UserError, match=r"prepare.modality: .* \(2 \w+"):
            choose_labels(pictures, params(modality=setting))
        return
    chosen = choose_labels(pictures, params(modality=setting))
    used = chosen[chosen["reason"] == ""]
    assert set(used["modality"]) == {"", *kept.split()}, "what no table tells of is kept"
    left_out = chosen[chosen["reason"] == "other modality"]
    assert len(used) + len(left_out) == len(chosen)
    assert left_out["detail"].str.endswith(f"prepare.modality takes {kept}").all()
    assert set(MODALITIES) >= set(left_out["modality"])
