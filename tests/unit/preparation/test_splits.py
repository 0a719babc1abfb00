"""Splits: by group, near their shares in every class, the same in any order, and stable when pictures are added."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesions.params.schema import PrepareParams
from lesions.preparation.groups import group_together
from lesions.preparation.splits import assign_splits
from lesions.runtime.console import UserError

BASE = {
    "layout": "auto", "min_side": 16, "min_class_groups": 5, "label_conflicts": "drop",
    "classes": "keep", "color_constancy": "none", "test": "fraction",
    "modality": "auto", "test_fraction": 0.2, "val_fraction": 0.15, "folds": 5, "fold": 0, "split_seed": 0,
}  # fmt: skip


def params(**changes: object) -> PrepareParams:
    return PrepareParams.model_validate({**BASE, **changes})


def table(counts: dict[str, int], first: int = 0) -> pd.DataFrame:
    """One picture a group, with ids as the real set's."""
    rows = [(f"ISIC_{first + n:07}-{label}", label, "train") for label, count in counts.items() for n in range(count)]
    return pd.DataFrame(rows, columns=["group", "label", "official_split"]).assign(dataset="", origin="")


ISIC9 = {"ak": 53, "bcc": 376, "df": 111, "mel": 360, "nv": 290, "pbk": 462, "scc": 190, "vasc": 140}


def test_every_class_has_its_share_in_each_split() -> None:
    pictures = table(ISIC9)
    shares = pd.crosstab(pictures["label"], assign_splits(pictures, params()), normalize="index")
    assert (shares["test"] - 0.2).abs().max() < 0.02
    assert (shares["val"] - 0.15).abs().max() < 0.02


@pytest.mark.parametrize("test", ["fraction", "fold"])
def test_adding_a_tenth_moves_under_two_percent_of_the_old_pictures(test: str) -> None:
    """A split that is drawn anew with each added picture makes every comparison of data versions one of splits."""
    moved = []
    for split_seed in range(10):
        setting = params(test=test, split_seed=split_seed)
        old = table(ISIC9)
        new = pd.concat([old, table({k: round(n / 10) for k, n in ISIC9.items()}, first=90_000)], ignore_index=True)
        moved.append((assign_splits(new, setting)[: len(old)] != assign_splits(old, setting)).mean())
    assert np.mean(moved) < 0.02
    print(f"moved when 10 % are added ({test}): mean {np.mean(moved):.2%}, most {max(moved):.2%}, n = 10 seeds")


def test_each_group_is_the_test_of_exactly_one_fold() -> None:
    pictures = table({"a": 50, "b": 7})
    folds = pd.DataFrame({fold: assign_splits(pictures, params(test="fold", fold=fold)) for fold in range(5)})
    assert ((folds == "test").sum(axis=1) == 1).all()
    assert ((folds == "val").sum(axis=0) > 0).all()
    for label in "ab":
        assert (folds[pictures["label"] == label] == "test").any().all(), "a class is missing from a fold's test"


def test_another_split_seed_gives_another_split() -> None:
    pictures = table(ISIC9)
    assert (assign_splits(pictures, params()) != assign_splits(pictures, params(split_seed=1))).mean() > 0.2


def test_the_official_test_stays_as_published() -> None:
    pictures = table({"a": 30, "b": 30})
    pictures.loc[::6, "official_split"] = "test"
    split = assign_splits(pictures, params(test="official"))
    assert ((split == "test") == (pictures["official_split"] == "test")).all()
    assert {"train", "val"} < set(split)


def test_the_published_validation_part_validates_under_official_alone() -> None:
    """And the whole group of each picture in it; but no class may be left without training or without validation."""
    pictures = table({"a": 30, "b": 30, "c": 30})
    pictures.loc[::6, "official_split"] = "test"
    pictures.loc[2:29:6, "official_split"] = "val"
    pictures.loc[3:29:6, "group"] = pictures.loc[2:29:6, "group"].tolist()
    of_b = (pictures["label"] == "b") & (pictures["official_split"] == "train")
    pictures.loc[of_b, "official_split"] = "val"
    split = assign_splits(pictures, params(test="official"))
    of_a = pictures["label"] == "a"
    published = set(pictures.loc[of_a & (pictures["official_split"] == "val"), "group"])
    assert ((split[of_a] == "val") == pictures.loc[of_a, "group"].isin(published)).all()
    for label in "bc":
        assert {"train", "val", "test"} == set(split[pictures["label"] == label])
    pooled = assign_splits(pictures, params(test="fraction"))
    assert set(pooled[pictures["official_split"] == "val"]) == {"train", "val", "test"}


def test_official_without_a_test_folder_is_a_users_mistake() -> None:
    with pytest.raises(UserError, match=r"prepare\.test: official needs"):
        assign_splits(table({"a": 30, "b": 30}), params(test="official"))


GROUPED = st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abc")), min_size=1, max_size=120)


@settings(max_examples=60, deadline=None)
@given(GROUPED, st.sampled_from(["fraction", "fold"]), st.randoms(use_true_random=False))
def test_no_group_spans_splits_in_any_order_of_rows(rows: list[tuple[int, str]], test: str, random: object) -> None:
    pictures = pd.DataFrame(
        [(f"g{g}", label, "train") for g, label in rows], columns=["group", "label", "official_split"]
    ).assign(dataset="", origin="")
    split = assign_splits(pictures, params(test=test))
    assert pictures["group"].groupby(split).unique().explode().is_unique
    shuffled = pictures.sample(frac=1, random_state=random.randrange(2**32))  # type: ignore[attr-defined]
    assert assign_splits(shuffled, params(test=test)).sort_index().equals(split)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=40))
def test_grouping_joins_exactly_what_is_connected(rows: list[tuple[int, int]]) -> None:
    """Checked against a plain search: rows that share a key (0 = unknown) directly or through others are one group."""
    frame = pd.DataFrame(rows, columns=["patient", "lesion"])
    keys = [frame[c].map(lambda v, c=c: f"{c}{v}" if v else "") for c in frame.columns]
    numbers = group_together(len(rows), keys)
    expected = list(range(len(rows)))
    for _ in rows:
        for i, a in enumerate(rows):
            for j, b in enumerate(rows):
                if any(x == y != 0 for x, y in zip(a, b, strict=True)):
                    expected[i] = expected[j] = min(expected[i], expected[j])
    assert [expected.index(e) for e in expected] == [list(numbers).index(n) for n in numbers]
