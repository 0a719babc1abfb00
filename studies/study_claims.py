"""Claims of the write-ups, each with a verdict by a stated rule from the experiments of studies/study.yaml.

A difference holds where its 95 % interval lies above zero, does not hold where it lies below, and is undecided where
the interval contains zero.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from app.fold_predictions import FoldPredictions
from lesions.data.diagnoses import diagnosis
from lesions.data.results.estimates import CountedEstimate
from lesions.metrics.intervals import bootstrap_weights, estimate
from lesions.metrics.scores import score_samples
from lesions.rendering.formatting import format_difference, format_estimate, join_class_names
from lesions.reports.learning_curves import assess_fit
from studies.paired import paired_difference, score_estimate
from studies.study_results import REBALANCED, RecipeResults

HOLDS, DOES_NOT_HOLD, UNDECIDED = "holds", "does not hold", "cannot be told here"
WITHOUT_REBALANCING = "model3_plain"  # the same without Augmentor's pictures
CLAIMED_ACCURACY = 0.77
COMPARED_EPOCHS = (20, 30, 50)
AVERAGED_EPOCHS = 5  # the score of a single epoch is noisy
CONSTANT_RATE = ("model1", "model2", "model3")
HAM10000_NEVI, HAM10000_PICTURES = 6705, 10015  # HAM10000_metadata.csv: rows with dx = nv, and all


class Claim(NamedTuple):
    """A claim of the write-ups, the verdict, and the numbers behind it."""

    claim: str
    verdict: str
    evidence: str


def judge_all(
    recipes: dict[str, RecipeResults], scores: dict[str, pd.DataFrame], leaks: list[dict[str, Any]]
) -> list[Claim]:
    """Every claim in the order of the work. scores: studies.paired.picture_accuracy() of each recipe."""

    def against(one: str, other: str, score: str = "balanced_accuracy") -> CountedEstimate:
        return paired_difference(scores[one], scores[other], score)

    return [
        *_class_claims(recipes["model1"]),
        *[
            _difference_claim(
                f"Rebalancing with Augmentor helps ({name})",
                against(one, other),
                also=f"; accuracy {format_difference(against(one, other, 'accuracy'))}",
            )
            for name, one, other in (
                ("their network", REBALANCED, WITHOUT_REBALANCING),
                ("`lesion_net`", "lesion_net", "lesion_net_plain"),
            )
        ],
        _difference_claim("Dropout and changes while training help", against("model2", "model1")),
        _overfitting_claim("Rebalancing and dropout solve overfitting", recipes[REBALANCED]),
        _overfitting_claim("Dropout and changes while training solve overfitting", recipes["model2"]),
        _difference_claim(
            "Batch normalisation degrades accuracy", against(REBALANCED, "model3_batch_norm", "accuracy"), "accuracy"
        ),
        *[
            _difference_claim(f"Adam is the better choice, against {name}", against(REBALANCED, f"model3_{slug}"))
            for slug, name in (("sgd", "SGD with momentum"), ("rmsprop", "RMSProp"), ("adagrad", "Adagrad"))
        ],
        *_epoch_claims(recipes),
        _accuracy_claim(scores[REBALANCED], leaks),
        _difference_claim("Another custom CNN (`ham_cnn`) does better", against("ham_cnn", REBALANCED)),
        Claim(
            "HAM10000: accuracy is easily above 80 %, and above the 77 % of human eyes",
            UNDECIDED,
            f"HAM10000 itself is not among these pictures. There, calling every picture a nevus is right in "
            f"{HAM10000_NEVI / HAM10000_PICTURES:.0%} of cases, so accuracy says little; and nobody showed people and "
            "network the same pictures.",
        ),
    ]


def epoch_rows(recipes: dict[str, RecipeResults]) -> list[dict[str, str]]:
    """Balanced accuracy on validation pictures around each of COMPARED_EPOCHS, mean over folds, a row per recipe."""
    return [
        {"recipe": name, **{f"epoch {at}": _spread(_score_at_epoch(recipe, at)) for at in COMPARED_EPOCHS}}
        for name, recipe in recipes.items()
    ]


def accuracy_by_order(leaks: list[dict[str, Any]], predictions: list[FoldPredictions]) -> dict[str, pd.DataFrame]:
    """Accuracy on validation and test pictures (columns val, test), a row per fold, under either order."""
    theirs = [{split: leak[split]["accuracy"] for split in ("val", "test")} for leak in leaks]
    ours = [
        {split: _accuracy(getattr(fold_predictions, split)) for split in ("val", "test")}
        for fold_predictions in predictions
    ]
    return {"copies, then split": pd.DataFrame(theirs), "split, then copies": pd.DataFrame(ours)}


def leak_rows(leaks: list[dict[str, Any]], predictions: list[FoldPredictions]) -> list[dict[str, Any]]:
    """Accuracy on validation and test pictures under either order, mean over folds."""
    siblings = (np.mean([leak["siblings"] for leak in leaks]), 0.0)
    return [
        {
            "order": name,
            "validation claims": _spread(accuracy["val"]),
            "the untouched test says": _spread(accuracy["test"]),
            "claimed too much": _spread(accuracy["val"] - accuracy["test"]),
            "validation files with a sibling in training": f"{share:.0%}",
        }
        for (name, accuracy), share in zip(accuracy_by_order(leaks, predictions).items(), siblings, strict=True)
    ]


def _difference_claim(
    claim: str, difference: CountedEstimate, score: str = "balanced accuracy", also: str = ""
) -> Claim:
    verdict = HOLDS if difference.low > 0 else DOES_NOT_HOLD if difference.high < 0 else UNDECIDED
    return Claim(claim, verdict, f"{score} {format_difference(difference)}{also}")


def _class_claims(recipe: RecipeResults) -> list[Claim]:
    """Which class is rarest, which dominate: in the raw data set, and among the usable pictures."""
    raw, usable = recipe.imbalance.raw, recipe.imbalance.usable
    rarest, dominating = raw.minority, raw.dominating
    evidence = f"as filed, {join_class_names(rarest)} has the fewest ({raw.minority_n} of {raw.n:,})"
    unusable = not set(rarest) & set(recipe.classes)
    if unusable:
        evidence += (
            f"; none of them is usable, and {join_class_names(usable.minority)} ({usable.minority_n}) takes its place"
        )
    shares = ", ".join(f"{diagnosis(label).name} {share:.1%}" for label, share in dominating.items())
    return [
        Claim(
            "Seborrheic keratosis has the fewest pictures",
            DOES_NOT_HOLD if unusable or rarest != ["seborrheic_keratosis"] else HOLDS,
            evidence,
        ),
        Claim(
            "Pigmented benign keratosis and melanoma dominate",
            HOLDS if {"pigmented_benign_keratosis", "melanoma"} <= set(dominating) else DOES_NOT_HOLD,
            f"at least {recipe.imbalance.dominates_from}: {shares}",
        ),
    ]


def _overfitting_claim(claim: str, recipe: RecipeResults) -> Claim:
    """By the rule of lesions/reports/learning_curves.py, at the last epoch of each fold."""
    fits = []
    for predictions, curves in zip(recipe.predictions, recipe.curves, strict=True):
        weights = bootstrap_weights(predictions.val["label"], predictions.val["group"], seed=0)
        resamples = score_samples(predictions.val, recipe.classes, weights).overall.get("balanced_accuracy")
        interval = None if resamples is None else estimate(resamples)
        fits.append(assess_fit(curves, int(curves["epoch"].iloc[-1]), len(recipe.classes), interval))
    overfitted = sum(fit.overfits for fit in fits)
    verdict = DOES_NOT_HOLD if overfitted == len(fits) else HOLDS if not overfitted else UNDECIDED
    train, val, rise = (np.mean([getattr(fit, name) for fit in fits]) for name in ("train", "val", "rise"))
    return Claim(
        claim,
        verdict,
        f"overfits in {overfitted} of {len(fits)} folds: balanced accuracy {train:.2f} in training, {val:.2f} in "
        f"validation; the last validation loss is {rise:.1f} times its lowest",
    )


def _epoch_claims(recipes: dict[str, RecipeResults]) -> list[Claim]:
    claims = []
    for fewer in COMPARED_EPOCHS[:-1]:
        gains = {
            name: _score_at_epoch(recipes[name], COMPARED_EPOCHS[-1]) - _score_at_epoch(recipes[name], fewer)
            for name in CONSTANT_RATE
        }
        all_gains = np.concatenate(list(gains.values()))
        verdict = HOLDS if (all_gains > 0).all() else DOES_NOT_HOLD if (all_gains <= 0).all() else UNDECIDED
        changes = ", ".join(f"{name} {_change_over_folds(fold_gains)}" for name, fold_gains in gains.items())
        claims.append(
            Claim(
                f"{fewer} epochs are too few",
                verdict,
                f"from there to {COMPARED_EPOCHS[-1]}, balanced accuracy on validation pictures, mean (lowest to "
                f"highest fold): {changes}; holds where all rise, does not where none does",
            )
        )
    return claims


def _accuracy_claim(table: pd.DataFrame, leaks: list[dict[str, Any]]) -> Claim:
    accuracy = score_estimate(table, "accuracy")
    verdict = (
        HOLDS if accuracy.low >= CLAIMED_ACCURACY else DOES_NOT_HOLD if accuracy.high < CLAIMED_ACCURACY else UNDECIDED
    )
    claimed, tested = (np.mean([leak[split]["accuracy"] for leak in leaks]) for split in ("val", "test"))
    return Claim(
        "Validation accuracy is 77 to 80 %",
        verdict,
        f"accuracy on test pictures {format_estimate(accuracy)}. With copies made before the split, validation claims "
        f"{claimed:.2f} and the untouched test says {tested:.2f}: see below",
    )


def _score_at_epoch(recipe: RecipeResults, epoch: int) -> np.ndarray:
    """(folds,) balanced accuracy on validation pictures, mean of the AVERAGED_EPOCHS epochs that end at `epoch`."""
    near = [
        curves.loc[curves["epoch"].between(epoch - AVERAGED_EPOCHS + 1, epoch), "val_balanced_accuracy"]
        for curves in recipe.curves
    ]
    return np.array([values.mean() for values in near])


def _accuracy(table: pd.DataFrame) -> float:
    return float((table["label"] == table["predicted"]).mean())


def _change_over_folds(values: np.ndarray) -> str:
    return f"{values.mean():+.2f} ({values.min():+.2f} to {values.max():+.2f})"


def _spread(values: Any) -> str:
    return f"{np.mean(values):.2f} ({np.min(values):.2f} to {np.max(values):.2f})"
