"""The counts, the plan and the answers in words. A failure means that classes are rebalanced or reported wrongly."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lesions.data.manifest import COLUMNS, EXCLUDED_COLUMNS, write_manifest
from lesions.params.schema import RebalanceParams
from lesions.preparation import imbalance
from stages import analyze_imbalance

PARAMS = Path(__file__).parents[3] / "params.yaml"
METHODS, TARGETS = ("augment", "sampler", "weights", "none"), ("match_majority", "sqrt", "fixed", "none")


def rebalance(**changes: Any) -> RebalanceParams:
    plain = {"method": "augment", "target": "match_majority", "per_class": 500, "cap": None}
    return RebalanceParams(**{**plain, **changes})


def counts(**train: int) -> pd.DataFrame:
    table = pd.DataFrame({"label": sorted(train), "n_train": [train[label] for label in sorted(train)]})
    return table.assign(n_usable=table["n_train"] + 2, n_raw=table["n_train"] + 3)


def manifest(**pictures: list[str]) -> pd.DataFrame:
    """One row per picture: label=[split, split, ...]."""
    rows = [(label, split, f"{label}_{i}") for label, splits in pictures.items() for i, split in enumerate(splits)]
    table = pd.DataFrame(rows, columns=["label", "split", "image_id"])
    filled = table.assign(
        path=table["split"] + "/" + table["label"] + "/" + table["image_id"] + ".png", width=9, height=9
    )
    return filled.reindex(columns=list(COLUMNS), fill_value="")


def excluded(**reasons: list[str]) -> pd.DataFrame:
    rows = [(f"{label}/{i}.jpg", label, reason, "") for label in reasons for i, reason in enumerate(reasons[label])]
    return pd.DataFrame(rows, columns=list(EXCLUDED_COLUMNS))


@settings(deadline=None)
@given(
    train=st.lists(st.integers(0, 5000), min_size=2, max_size=9),
    method=st.sampled_from(METHODS),
    target=st.sampled_from(TARGETS),
    per_class=st.integers(1, 2000),
    cap=st.none() | st.floats(1, 20),
)
def test_a_plan_never_takes_pictures_away_nor_passes_the_cap(
    train: list[int], method: str, target: str, per_class: int, cap: float | None
) -> None:
    before = counts(**{f"class_{i}": n for i, n in enumerate(train)})
    planned = imbalance.plan(before, rebalance(method=method, target=target, per_class=per_class, cap=cap))

    assert list(planned.columns) == ["label", "n_raw", "n_usable", "n_train", "n_target", "n_add"]
    assert (planned["n_target"] >= planned["n_train"]).all(), "the plan would throw training pictures away"
    if cap is not None:
        assert (planned["n_target"] <= cap * planned["n_train"]).all(), "a class gets more copies than the cap allows"
    assert (planned["n_target"][planned["n_train"] == 0] == 0).all(), "copies of nothing are planned"
    wanted = planned["n_target"] - planned["n_train"] if method == "augment" else 0 * planned["n_train"]
    assert list(planned["n_add"]) == list(wanted), "pictures are made that the method does not call for"
    if "none" in (method, target):
        assert list(planned["n_target"]) == list(planned["n_train"])


@pytest.mark.parametrize(
    ("changes", "targets"),
    [
        ({"target": "match_majority"}, [400, 400]),
        ({"target": "sqrt"}, [200, 400]),
        ({"target": "fixed", "per_class": 500}, [600, 900]),
        ({"target": "none"}, [100, 400]),
        ({"method": "none"}, [100, 400]),
        ({"target": "match_majority", "cap": 2.559}, [255, 400]),
        ({"target": "fixed", "per_class": 500, "cap": 1.0}, [100, 400]),
        ({"method": "sampler"}, [400, 400]),
    ],
)
def test_targets_are_those_of_the_definition(changes: dict[str, Any], targets: list[int]) -> None:
    planned = imbalance.plan(counts(rare=100, usual=400).sort_values("label"), rebalance(**changes))
    assert list(planned["n_target"]) == targets


def test_every_raw_file_is_counted_in_its_class() -> None:
    table = imbalance.count_classes(
        manifest(melanoma=["train", "train", "val"], nevus=["test"]),
        excluded(nevus=["unreadable"], seborrheic_keratosis=["label conflict"] * 3),
    )
    assert table.to_dict("list") == {
        "label": ["melanoma", "nevus", "seborrheic_keratosis"],
        "n_raw": [3, 2, 3],
        "n_usable": [3, 1, 0],
        "n_train": [2, 0, 0],
    }, "a raw file is lost, counted twice or counted in the wrong class"


@settings(deadline=None)
@given(st.lists(st.integers(0, 900), min_size=1, max_size=9))
def test_the_numbers_of_a_view_agree_with_each_other(train: list[int]) -> None:
    table = imbalance.plan(counts(**{f"class_{i}": n for i, n in enumerate(train)}), rebalance())
    view = imbalance.summarize(table, excluded(), rebalance()).train
    assert view.n == sum(train)
    present = [n for n in train if n]
    if present:
        assert (view.minority_n, view.majority_n, view.n_classes) == (min(present), max(present), len(present))
        assert all(share >= 1.5 * view.equal_share - 1e-4 for share in view.dominating.values())
        assert sum(view.dominating.values()) <= 1.001, "shares of a whole exceed the whole"
        shares = {label: n / sum(train) for label, n in zip(table["label"], train, strict=True)}
        assert all(round(shares[label], 4) == share for label, share in view.dominating.items())


def test_the_answers_name_the_rare_the_dominating_and_the_filed_twice() -> None:
    left = manifest(melanoma=["train"] * 60, nevus=["train"] * 10, dermatofibroma=["train"] * 5)
    lost = excluded(seborrheic_keratosis=["label conflict"] * 3 + ["unreadable"])
    table = imbalance.plan(imbalance.count_classes(left, lost), rebalance(cap=4.0))
    summary = imbalance.summarize(table, lost, rebalance(cap=4.0))

    raw, usable, training, after, plan, caution = summary.findings
    assert "fewest in seborrheic keratosis (4)" in raw
    assert "fewest in dermatofibroma (5), most in melanoma (60), 1 to 12.0" in usable
    assert "Dominating: melanoma (80.0 %), at least 1.5 times the equal share of 33.3 %" in training
    assert "fewest in dermatofibroma (20), most in melanoma (60), 1 to 3.0. Dominating: melanoma (50.0 %)" in after
    assert plan == "Plan: 45 new training pictures (match_majority, at most 4 times its own pictures per class)."
    assert caution == (
        "Caution, seborrheic keratosis: 4 raw files, none usable: 3 also filed under another class; 1 unreadable."
    )
    assert (
        imbalance.title(table)
        == "Dermatofibroma has the fewest training pictures (5), melanoma the most (60): 1 to 12.0"
    )


def test_classes_that_tie_are_all_named() -> None:
    table = imbalance.plan(counts(nevus=3, melanoma=3, dermatofibroma=9), rebalance())
    assert imbalance.title(table).startswith("Melanoma and nevus have the fewest training pictures (3), dermatofibroma")
    equal = imbalance.plan(counts(nevus=3, melanoma=3), rebalance())
    assert "No class dominates" in imbalance.summarize(equal, excluded(), rebalance()).findings[0]
    assert imbalance.title(equal) == "All 2 classes have the same number of training pictures (3)"


@pytest.mark.parametrize("method", METHODS)
def test_the_stage_writes_what_it_declares(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    params = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    params["rebalance"] = {"method": method, "target": "match_majority", "per_class": 500, "cap": 4.0}
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    Path("data/prepared").mkdir(parents=True)
    write_manifest(
        Path("data/prepared"),
        manifest(nevus=["train"] * 6 + ["val", "test"], melanoma=["train"] * 2),
        excluded(seborrheic_keratosis=["class too small"] * 2),
    )

    analyze_imbalance.main()

    plan = pd.read_csv("data/augmentation_plan.csv")
    assert list(plan.columns) == ["label", "n_raw", "n_usable", "n_train", "n_target", "n_add"]
    assert list(plan["label"]) == ["melanoma", "nevus"], "a class without usable pictures must not be planned for"
    assert plan["n_add"].sum() == (4 if method == "augment" else 0)
    numbers = json.loads(Path("metrics/imbalance.json").read_text(encoding="utf-8"))
    assert numbers["classes"]["seborrheic_keratosis"]["n_usable"] == 0
    behind = pd.read_csv("plots/analyze_imbalance/class_distribution.csv")
    assert list(behind["label"]) == ["melanoma", "nevus", "seborrheic_keratosis"]
    assert Path("plots/analyze_imbalance/class_distribution.png").stat().st_size > 1000
    assert "\n".join(numbers["findings"]) == capsys.readouterr().out.strip(), (
        "the words on screen and in the file differ"
    )
