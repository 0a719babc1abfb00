"""What the write-ups claim, and what the experiments of studies/study.yaml say of it: a verdict by a stated rule.

A difference holds where its 95 % interval lies above zero, does not hold where it lies below, and cannot be told where
the interval holds zero.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from app.folds import FoldPredictions
from lesions.data.diagnoses import diagnosis
from lesions.metrics.estimates import overall_values
from lesions.metrics.intervals import bootstrap_weights, estimate
from lesions.rendering.formatting import change, named, number
from lesions.reports.learning_curves import assess_fit
from studies.paired import gain, reached
from studies.study_results import REBALANCED, Recipe

HOLDS, FALLS, OPEN = "holds", "does not hold", "cannot be told here"
PLAIN = "model3_plain"  # the same without Augmentor's pictures
CLAIMED_ACCURACY = 0.77
READ_AT = (20, 30, 50)
AVERAGED = 5  # epochs: one alone says little
CONSTANT_RATE = ("model1", "model2", "model3")
HAM10000_NEVI, HAM10000_PICTURES = 6705, 10015  # HAM10000_metadata.csv: rows with dx = nv, and all


class Claim(NamedTuple):
    """A claim of the write-ups, the verdict, and the numbers behind it."""

    claim: str
    verdict: str
    evidence: str


def judge_all(recipes: dict[str, Recipe], scores: dict[str, pd.DataFrame], leaks: list[dict[str, Any]]) -> list[Claim]:
    """Every claim in the order of the work. scores: studies.paired.recognised() of each recipe."""

    def against(one: str, other: str, score: str = "balanced_accuracy") -> dict[str, Any]:
        return gain(scores[one], scores[other], score)

    return [
        *_classes(recipes["model1"]),
        *[
            _difference(
                f"Rebalancing with Augmentor helps ({name})",
                against(one, other),
                also=f"; accuracy {change(against(one, other, 'accuracy'))}",
            )
            for name, one, other in (
                ("their network", REBALANCED, PLAIN),
                ("`lesion_net`", "lesion_net", "lesion_net_plain"),
            )
        ],
        _difference("Dropout and changes while training help", against("model2", "model1")),
        _overfits("Rebalancing and dropout solve overfitting", recipes[REBALANCED]),
        _overfits("Dropout and changes while training solve overfitting", recipes["model2"]),
        _difference(
            "Batch normalisation degrades accuracy", against(REBALANCED, "model3_batch_norm", "accuracy"), "accuracy"
        ),
        *[
            _difference(f"Adam is the better choice, against {name}", against(REBALANCED, f"model3_{slug}"))
            for slug, name in (("sgd", "SGD with momentum"), ("rmsprop", "RMSProp"), ("adagrad", "Adagrad"))
        ],
        *_epochs(recipes),
        _accuracy(scores[REBALANCED], leaks),
        _difference("Another custom CNN (`ham_cnn`) does better", against("ham_cnn", REBALANCED)),
        Claim(
            "HAM10000: accuracy is easily above 80 %, and above the 77 % of human eyes",
            OPEN,
            f"HAM10000 itself is not among these pictures. There, calling every picture a nevus is right in "
            f"{HAM10000_NEVI / HAM10000_PICTURES:.0%} of cases, so accuracy says little; and nobody showed people and "
            "network the same pictures.",
        ),
    ]


def epoch_rows(recipes: dict[str, Recipe]) -> list[dict[str, str]]:
    """Balanced accuracy on validation pictures around the epochs READ_AT, mean over folds, a row for each recipe."""
    return [
        {"recipe": name, **{f"epoch {at}": _spread(_level(recipe, at)) for at in READ_AT}}
        for name, recipe in recipes.items()
    ]


def claimed_and_tested(leaks: list[dict[str, Any]], sources: list[FoldPredictions]) -> dict[str, pd.DataFrame]:
    """Accuracy that validation claims and that the test says (columns val, test), a row a fold, under either order."""
    theirs = [{split: each[split]["accuracy"] for split in ("val", "test")} for each in leaks]
    ours = [{split: _right(getattr(source, split)) for split in ("val", "test")} for source in sources]
    return {"copies, then split": pd.DataFrame(theirs), "split, then copies": pd.DataFrame(ours)}


def leak_rows(leaks: list[dict[str, Any]], sources: list[FoldPredictions]) -> list[dict[str, Any]]:
    """What validation claims and the test says under either order, mean over folds."""
    siblings = (np.mean([each["siblings"] for each in leaks]), 0.0)
    return [
        {
            "order": name,
            "validation claims": _spread(found["val"]),
            "the untouched test says": _spread(found["test"]),
            "claimed too much": _spread(found["val"] - found["test"]),
            "validation files with a sibling in training": f"{known:.0%}",
        }
        for (name, found), known in zip(claimed_and_tested(leaks, sources).items(), siblings, strict=True)
    ]


def _difference(claim: str, found: dict[str, Any], score: str = "balanced accuracy", also: str = "") -> Claim:
    verdict = HOLDS if found["low"] > 0 else FALLS if found["high"] < 0 else OPEN
    return Claim(claim, verdict, f"{score} {change(found)}{also}")


def _classes(recipe: Recipe) -> list[Claim]:
    """Which class is rarest, which dominate: as filed, and what is left once the labels are checked."""
    raw, usable = recipe.imbalance["raw"], recipe.imbalance["usable"]
    rarest, dominating = raw["fewest"], raw["dominating"]
    evidence = f"as filed, {named(rarest)} has the fewest ({raw['fewest_n']} of {raw['n']:,})"
    gone = not set(rarest) & set(recipe.classes)
    if gone:
        evidence += f"; none of them is usable, and {named(usable['fewest'])} ({usable['fewest_n']}) takes its place"
    told = ", ".join(f"{diagnosis(label).name} {share:.1%}" for label, share in dominating.items())
    return [
        Claim(
            "Seborrheic keratosis has the fewest pictures",
            FALLS if gone or rarest != ["seborrheic_keratosis"] else HOLDS,
            evidence,
        ),
        Claim(
            "Pigmented benign keratosis and melanoma dominate",
            HOLDS if {"pigmented_benign_keratosis", "melanoma"} <= set(dominating) else FALLS,
            f"at least {recipe.imbalance['dominates_from']}: {told}",
        ),
    ]


def _overfits(claim: str, recipe: Recipe) -> Claim:
    """By the rule of lesions/reports/learning_curves.py, at the last epoch of each fold."""
    fits = []
    for source, curves in zip(recipe.sources, recipe.curves, strict=True):
        weights = bootstrap_weights(source.val["label"], source.val["group"], seed=0)
        told = overall_values(source.val, recipe.classes, weights).get("balanced_accuracy")
        interval = None if told is None else estimate(told)
        fits.append(assess_fit(curves, int(curves["epoch"].iloc[-1]), len(recipe.classes), interval))
    over = sum(fit.over for fit in fits)
    verdict = FALLS if over == len(fits) else HOLDS if not over else OPEN
    train, val, rise = (np.mean([getattr(fit, name) for fit in fits]) for name in ("train", "val", "rise"))
    return Claim(
        claim,
        verdict,
        f"overfits in {over} of {len(fits)} folds: balanced accuracy {train:.2f} in training, {val:.2f} in validation; "
        f"the last validation loss is {rise:.1f} times its lowest",
    )


def _epochs(recipes: dict[str, Recipe]) -> list[Claim]:
    claims = []
    for fewer in READ_AT[:-1]:
        gains = {name: _level(recipes[name], READ_AT[-1]) - _level(recipes[name], fewer) for name in CONSTANT_RATE}
        every = np.concatenate(list(gains.values()))
        verdict = HOLDS if (every > 0).all() else FALLS if (every <= 0).all() else OPEN
        told = ", ".join(f"{name} {_change_over_folds(found)}" for name, found in gains.items())
        claims.append(
            Claim(
                f"{fewer} epochs are too few",
                verdict,
                f"from there to {READ_AT[-1]}, balanced accuracy on validation pictures, mean (lowest to highest "
                f"fold): {told}; holds where all rise, does not where none does",
            )
        )
    return claims


def _accuracy(table: pd.DataFrame, leaks: list[dict[str, Any]]) -> Claim:
    found = reached(table, "accuracy")
    verdict = HOLDS if found["low"] >= CLAIMED_ACCURACY else FALLS if found["high"] < CLAIMED_ACCURACY else OPEN
    claimed, tested = (np.mean([each[split]["accuracy"] for each in leaks]) for split in ("val", "test"))
    return Claim(
        "Validation accuracy is 77 to 80 %",
        verdict,
        f"accuracy on test pictures {number(found)}. With copies made before the split, validation claims "
        f"{claimed:.2f} and the untouched test says {tested:.2f}: see below",
    )


def _level(recipe: Recipe, epoch: int) -> np.ndarray:
    """(folds,) balanced accuracy on validation pictures, mean of the AVERAGED epochs that end at `epoch`."""
    near = [
        curves.loc[curves["epoch"].between(epoch - AVERAGED + 1, epoch), "val_balanced_accuracy"]
        for curves in recipe.curves
    ]
    return np.array([values.mean() for values in near])


def _right(table: pd.DataFrame) -> float:
    return float((table["label"] == table["predicted"]).mean())


def _change_over_folds(values: np.ndarray) -> str:
    return f"{values.mean():+.2f} ({values.min():+.2f} to {values.max():+.2f})"


def _spread(values: Any) -> str:
    return f"{np.mean(values):.2f} ({np.min(values):.2f} to {np.max(values):.2f})"
