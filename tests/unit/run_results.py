"""Fake run results for tests of findings and cards: 120 test pictures of three classes, every number can be changed."""

import json
from typing import Any

import pandas as pd

from lesions.data.results.decision import Decision
from lesions.data.results.imbalance import ClassBalance, ImbalanceMetrics, PlanCounts
from lesions.data.results.prepare import PrepareMetrics
from lesions.data.results.rules import ClassQuantile, Threshold
from lesions.data.results.scores import Scores
from lesions.rendering.html import Section
from lesions.reports.run_results import RunResults
from tests.unit.held_out import CLASSES, table


def make_estimate(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    """An estimate of lesions.metrics.intervals."""
    return {
        "value": value,
        "low": value - 0.05 if low is None else low,
        "high": value + 0.05 if high is None else high,
    }


def make_counted(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    """An estimate from 40 pictures."""
    return make_estimate(value, low, high) | {"n": 40, "n_groups": 40, "method": "bootstrap"}


def make_class(n: int) -> dict[str, Any]:
    """The scores of a class with n test pictures, as many groups, and no score that can be estimated."""
    names = ("precision", "recall", "f1", "auroc", "average_precision")
    return {"n": n, "n_groups": n, **dict.fromkeys(names)}


def _scores() -> dict[str, Any]:
    overall = {
        "accuracy": make_estimate(0.7),
        "balanced_accuracy": make_estimate(0.7),
        "macro_auroc": make_estimate(0.9),
        "melanoma_vs_nevus_auroc": make_estimate(0.8),
    }
    baseline = {
        "description": "a baseline",
        "scores": overall,
        "difference": dict.fromkeys(overall, make_estimate(0.2)),
    }
    class_scores = {
        "precision": make_estimate(0.7),
        "recall": make_counted(0.7),
        "f1": make_estimate(0.7),
        "auroc": make_estimate(0.9),
    }
    split = {
        "n": 120,
        "smallest_class_n": 40,
        "overall": overall,
        "per_class": dict.fromkeys(CLASSES, make_class(40) | class_scores),
        "endpoints": {},
        "most_confused": [{"label": "melanoma", "predicted": "nevus", "n": 8, "fraction": 0.2}],
    }
    operating_point = {
        "threshold": 0.4,
        "sensitivity": make_counted(0.9),
        "specificity": make_counted(0.8),
        "ppv": {"0.01": make_estimate(0.06), "0.20": make_estimate(0.5)},
        "npv": {"0.01": make_estimate(0.99), "0.20": make_estimate(0.95)},
    }
    heat = {"n": 40, "n_without_heat": 0, "frame_fraction": make_estimate(0.2), "on_frame": make_counted(0.1)}
    conformal = {
        "coverage": make_counted(0.9),
        "mean_set_size": make_estimate(1.5),
        "singleton_fraction": make_estimate(0.5),
        "empty_fraction": make_estimate(0.1),
        "per_class": {label: {"n": 40, "coverage": None, "basis": "class"} for label in CLASSES},
    }
    calibration = {
        "ece": make_estimate(0.05, 0.02),
        "ece_if_perfect": 0.06,
        "brier_score": make_estimate(0.3),
        "log_loss": make_estimate(0.5),
        "melanoma": None,
        "malignant": None,
    }
    test = split | {
        "operating_points": {"melanoma": operating_point},
        "conformal": {"0.90": conformal},
        "missed_melanomas": [{"image_id": "a", "predicted": "nevus", "p_predicted": 0.6, "p_melanoma": 0.2}],
        "repeatability": {"n": 0, "n_groups": 0, "agreement": None, "expected_agreement": None},
        "within_origin": {"HAM10000": {"n": 120, "classes": CLASSES, "overall": {}}},
        "per_group": {"n_groups": 120, "n_several": 0, "overall": {}},
        "subgroups": {"skin_tone": "not assessable", "rows": []},
        "calibration": {
            "n": 120,
            "before": calibration,
            "after": calibration,
            "calibrated_argmax": {"accuracy": 0.7, "balanced_accuracy": 0.6},
        },
        "baselines": dict.fromkeys(("majority_class", "frame", "thumbnail"), baseline),
        "explanations": {
            "frame": "the outer 1/12 of each side",
            "uniform_fraction": 0.3,
            "on_frame_from": "1.25 times the share of a uniform map",
            "overall": heat,
            "per_class": dict.fromkeys(CLASSES, heat),
            "randomization_test": {"n": 64, "map_shape": [4, 4], "rank_correlations": [0.1, -0.2, 0.05]},
        },
    }
    return {"classes": CLASSES, "notes": {}, "n_resamples": 1000, "test": test, "val": split}


def _prepare() -> dict[str, Any]:
    counts = {"n_raw": 210, "n_usable": 200, "n_train": 60, "n_val": 20, "n_test": 40, "excluded": {}}
    return {
        "layout": "class_folders",
        "n_raw": 630,
        "n_usable": 600,
        "excluded": {"exact duplicate": 30},
        "n_groups": 500,
        "n_near_duplicates": 3,
        "splits": {split: {"n": 200, "fraction": 0.33, "n_groups": 160} for split in ("train", "val", "test")},
        "classes": dict.fromkeys(CLASSES, counts),
        "official_tables": [],
        "n_label_disagreements": 0,
        "notes": {},
        "audit": {
            "leakage": [{"split": "official", "kind": "any", "n_test": 60, "n_shared": 5, "at_least": True}],
            "cramers_v": {"origin": 0.1, "size": None, "dark_corners": None},
            "frame_probe": {"macro_auroc": 0.55, "melanoma_vs_nevus_auroc": 0.6},
            **dict.fromkeys(("blank", "colourless", "off_domain", "odd_colour", "odd_size"), 0),
        },
    }


def _imbalance() -> ImbalanceMetrics:
    balance = ClassBalance(
        n=180, n_classes=3, minority=CLASSES, minority_n=60, majority=CLASSES, majority_n=60, imbalance_ratio=1,
        equal_share=0.3333, dominating={},
    )  # fmt: skip
    return ImbalanceMetrics(
        findings=["Fewest in melanoma."], dominates_from="", n_add=7,
        raw=balance, usable=balance, train=balance, target=balance,
        classes=dict.fromkeys(CLASSES, PlanCounts(n_raw=70, n_usable=66, n_train=60, n_target=60, n_add=0)),
    )  # fmt: skip


def _decision() -> Decision:
    threshold = Threshold(
        description="melanoma against all other classes", positive=("melanoma",), among=tuple(CLASSES),
        target_sensitivity=0.9, n_positive=20, threshold=0.4, sensitivity=0.9,
    )  # fmt: skip
    return Decision(
        classes=CLASSES, image_size=64, color_constancy="none", temperature=1.0,
        prior_correction=dict.fromkeys(CLASSES, 0.0), thresholds={"melanoma": threshold},
        conformal={"0.90": dict.fromkeys(CLASSES, ClassQuantile(0.8, 20, "class"))},
    )  # fmt: skip


def make_curves(train: float = 0.75, val: float = 0.72, last_loss: float = 1.0) -> pd.DataFrame:
    """Two epochs, the second with the final weights."""
    columns = {"train_accuracy": [0.5, train], "val_accuracy": [0.5, val], "train_loss": [2.0, 1.0]}
    balanced = {"train_balanced_accuracy": [0.5, train], "val_balanced_accuracy": [0.5, val]}
    return pd.DataFrame({"epoch": [1, 2], **columns, **balanced, "val_loss": [1.0, last_loss]})


def make_run_results(changes: dict[str, Any] | None = None, **fields: Any) -> RunResults:
    """fields: of RunResults; changes: values of scores or prepare by path, as test/n or prepare/n_usable."""
    files = json.loads(json.dumps(_scores() | {"prepare": _prepare()}))  # no part is shared
    for path, value in (changes or {}).items():
        *keys, last = path.split("/")
        parent = files
        for key in keys:
            parent = parent[key]
        parent[last] = value
    prepare = files.pop("prepare")
    manifest = pd.DataFrame(
        {"image_id": list("abcdef"), "label": CLASSES * 2, "group": list("abcdef"), "origin": "HAM10000"}
    ).assign(
        confirmation=["histology", "", "consensus", "histology", "", ""],
        age="50",
        sex="male",
        site="",
        modality="dermoscopy",
        skin_type="",
        split="test",
    )
    defaults: dict[str, Any] = {
        "scores": Scores.model_validate(files),
        "prepare": PrepareMetrics.model_validate(prepare),
        "imbalance": _imbalance(),
        "training": {"epochs_run": 2, "best_epoch": 1, "kept_epoch": 2, "weights": 1234},
        "decision": _decision(),
        "curves": make_curves(),
        "manifest": manifest,
        "predictions": table(120),
        "comparison": None,
    }
    return RunResults(**(defaults | fields))


def section_text(section: Section) -> str:
    return " ".join(section.texts)
