"""Evaluation of a trained network: table of predictions, decisions, scores.

Decisions (temperature, thresholds, conformal quantiles) are chosen on validation; the test is only scored.
"""

from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.data.predictions import probability_columns
from lesions.data.results.decision import Decision
from lesions.data.results.estimates import CountedEstimate, Estimate
from lesions.data.results.rules import ColorConstancy
from lesions.data.results.scores import (
    ArgmaxScores,
    Baseline,
    CalibrationComparison,
    EvaluateMetrics,
    Explanations,
    Scores,
    SplitScores,
    TestScores,
)
from lesions.metrics import calibration, conformal, estimates, scores, subgroups, thresholds
from lesions.metrics.decisions import PROBABILITY_DIGITS, Calibration, calibrated
from lesions.metrics.endpoints import MELANOMA, endpoints_of, score_endpoint_of
from lesions.metrics.intervals import MIN_CASES, RESAMPLES, bootstrap_weights, round_by_interval
from lesions.metrics.origins import per_group, within_origins
from lesions.metrics.scores import ScoreValues, score_samples

Array = NDArray[np.float64]

HELD_OUT = ("val", "test")  # splits that a model is not fitted to
NOTES = {
    "intervals": (
        f"low and high: 95 % interval, {RESAMPLES:,} resamples of groups (patients, lesions, pictures) within each "
        "class, or Wilson's where `method` says so. They tell how scores vary with the sample of test pictures."
    ),
    "training": (
        "How scores vary when the same network is trained again is not in these intervals: repeat the training with "
        "other seeds (dvc exp run --queue -S 'seed=range(0,3)') and look at their spread."
    ),
    "not_estimable": (
        f"null where a class or a side of a question has fewer than {MIN_CASES} cases; means over classes are left out "
        f"where a class has fewer than {scores.MIN_CASES_PER_CLASS}. Counts are always given."
    ),
    "probabilities": (
        "p_<class> and `predicted` of reports/predictions.csv follow the class shares of training (after rebalancing): "
        "the better rule for balanced accuracy. Statements on calibration and the decision curve use `calibrated` "
        "probabilities, for the class shares of validation: p_<class> x exp(prior_correction / temperature) of "
        "models/decision.json, divided by their sum. Both are about these pictures, not about a clinic's patients."
    ),
    "calibration": (
        "ece_if_perfect: the calibration error that perfect probabilities would show in a sample of this size. The "
        "interval of ece is corrected for the bias of resampling."
    ),
    "source": (
        "Where classes come from different collections, scores across them are inflated: hold them against the "
        "baselines that see the origin or the frame alone. Melanoma against nevus is fairer where both share a source."
    ),
    "validation": "Validation also chose the epoch: its own scores, and promises made on it, are a little too good.",
}


class NetworkOutput(Protocol):
    """What lesions.models.predict.predict() returns, which needs TensorFlow and so is not imported here."""

    @property
    def logits(self) -> Array: ...  # noqa: D102

    @property
    def probabilities(self) -> Array: ...  # noqa: D102


class TestPictures(NamedTuple):
    """The test pictures: rows of the predictions table with their path; probabilities before and after calibration.

    before, after: (n, classes), the network's own and the calibrated ones; weights: (1 + resamples, n) of
    bootstrap_weights(); values: the scores of all resamples.
    """

    rows: pd.DataFrame
    before: Array
    after: Array
    weights: Array
    values: ScoreValues


def fit_calibration(held_out: pd.DataFrame, logits: Array, classes: list[str], trained_shares: Array) -> Calibration:
    """The correction and temperature from the validation rows. held_out: (n) split, label; logits: (n, classes)."""
    validation = (held_out["split"] == "val").to_numpy()
    return calibration.fit(logits[validation], _codes(held_out.loc[validation, "label"], classes), trained_shares)


def predictions_table(held_out: pd.DataFrame, probabilities: Array, classes: list[str]) -> pd.DataFrame:
    """image_id, group, split, label, predicted, p_<class>..., sorted by split and image_id.

    held_out: rows of the manifest; probabilities: (rows, classes) in [0, 1]. They are rounded before the prediction is
    taken, so that it follows from the table.
    """
    rounded = probabilities.round(PROBABILITY_DIGITS)
    table = held_out[["image_id", "group", "split", "label"]].reset_index(drop=True)
    table["predicted"] = [classes[index] for index in rounded.argmax(axis=1)]
    table = pd.concat([table, pd.DataFrame(rounded, columns=probability_columns(classes))], axis=1)
    return table.sort_values(["split", "image_id"], ignore_index=True)


def choose_decisions(
    predictions: pd.DataFrame,
    classes: list[str],
    fitted: Calibration,
    target_sensitivity: float,
    image_size: int,
    color_constancy: ColorConstancy,
) -> Decision:
    """The decisions chosen on the validation rows of a predictions table, for pictures of that size and correction."""
    validation = predictions[predictions["split"] == "val"]
    return Decision(
        classes=classes,
        image_size=image_size,
        color_constancy=color_constancy,
        temperature=fitted.temperature,
        prior_correction=dict(zip(classes, map(float, fitted.prior_correction), strict=True)),
        thresholds=thresholds.choose_thresholds(validation, classes, target_sensitivity),
        conformal={
            f"{coverage:.2f}": conformal.quantiles(validation, classes, coverage) for coverage in conformal.COVERAGES
        },
    )


def score_all(predictions: pd.DataFrame, classes: list[str], test: TestScores, n_resamples: int, seed: int) -> Scores:
    """The content of reports/scores.json: the scores of the test, and those of the validation rows of predictions."""
    validation = predictions[predictions["split"] == "val"]
    weights = bootstrap_weights(validation["label"], validation["group"], seed, n_resamples)
    values = score_samples(validation, classes, weights)
    val = score_split(validation, classes, weights, values)
    return Scores(classes=classes, notes=NOTES, n_resamples=n_resamples, test=test, val=val)


def score_split(rows: pd.DataFrame, classes: list[str], weights: Array, values: ScoreValues) -> SplitScores:
    """Of one split: scores with intervals, errors. rows: (n) of a predictions table; values: of weights."""
    per_class = estimates.per_class(rows, classes, values)
    return SplitScores(
        n=len(rows),
        smallest_class_n=min(each.n for each in per_class.values()),
        overall=estimates.overall(values.overall),
        per_class=per_class,
        endpoints=estimates.per_endpoint(rows, classes, weights),
        most_confused=estimates.most_confused(rows, classes),
    )


def score_test(
    test: TestPictures,
    manifest: pd.DataFrame,
    decision: Decision,
    baselines: dict[str, Baseline],
    explanations: Explanations,
    seed: int,
) -> TestScores:
    """All scores of the test pictures. baselines: of baselines.compare(); explanations: of grad_cam.describe()."""
    rows, classes, weights = test.rows, decision.classes, test.weights
    return TestScores(
        **dict(score_split(rows, classes, weights, test.values)),
        operating_points=thresholds.operating_points(rows, classes, decision.thresholds, weights),
        conformal={
            coverage: conformal.describe(rows, classes, class_quantiles, weights)
            for coverage, class_quantiles in decision.conformal.items()
        },
        missed_melanomas=subgroups.missed_melanomas(rows),
        repeatability=subgroups.repeatability(rows, weights),
        subgroups=subgroups.by_subgroup(rows, manifest, weights),
        within_origin=within_origins(rows, _origins(rows, manifest), classes, weights),
        per_group=per_group(rows, classes, weights),
        calibration=score_calibration(test, classes, seed),
        baselines=baselines,
        explanations=explanations,
    )


def select_test(
    predictions: pd.DataFrame,
    manifest: pd.DataFrame,
    output: NetworkOutput,
    fitted: Calibration,
    seed: int,
    resamples: int = RESAMPLES,
) -> TestPictures:
    """The test rows of a predictions table with their probabilities; output: of all its rows, in their order."""
    rows = (predictions["split"] == "test").to_numpy()
    classes = [column.removeprefix("p_") for column in predictions.columns if column.startswith("p_")]
    table = predictions[rows].merge(manifest[["image_id", "path"]], on="image_id", how="left")
    weights = bootstrap_weights(table["label"], table["group"], seed, resamples)
    after = calibrated(output.logits[rows], fitted)
    return TestPictures(table, output.probabilities[rows], after, weights, score_samples(table, classes, weights))


def headline(test: TestScores) -> EvaluateMetrics:
    """The main numbers of the test, and the ECE of the calibrated probabilities.

    Each has the decimals that its interval is worth; reports/scores.json has more, beside the interval.
    """
    rounded = {name: round_by_interval(score) for name, score in test.overall.items() if name in scores.HEADLINE}
    ece = round_by_interval(test.calibration.after.ece)
    return EvaluateMetrics.model_validate(
        {"n": test.n, "smallest_class_n": test.smallest_class_n, **rounded, "ece": ece}
    )


def _origins(rows: pd.DataFrame, manifest: pd.DataFrame) -> pd.Series:
    origins: pd.Series = manifest.set_index("image_id")["origin"].loc[rows["image_id"]]
    return origins


def score_calibration(test: TestPictures, classes: list[str], seed: int) -> CalibrationComparison:
    """Calibration of the network's own and of the calibrated probabilities, and accuracies of the latter."""
    labels = test.rows["label"]
    decided = test.rows.assign(predicted=[classes[index] for index in test.after.argmax(axis=1)])
    return CalibrationComparison(
        n=len(labels),
        before=calibration.describe(test.before, labels, classes, test.weights, seed),
        after=calibration.describe(test.after, labels, classes, test.weights, seed),
        calibrated_argmax=ArgmaxScores(
            accuracy=float(scores.headline(decided, classes)["accuracy"]),
            balanced_accuracy=round(float(scores.per_class(decided, classes)["recall"].mean()), scores.DIGITS),
        ),
    )


def reliability(test: TestPictures, classes: list[str]) -> pd.DataFrame:
    """The bins of the reliability diagram, before and after calibration: probabilities, confidence, accuracy, n."""
    codes = _codes(test.rows["label"], classes)
    parts = [calibration.reliability(probabilities, codes) for probabilities in (test.before, test.after)]
    table = pd.concat(parts, keys=["before", "after"], names=["probabilities"]).reset_index(level=0)
    return table.round(scores.DIGITS)


def decision_curve(test: TestPictures, classes: list[str]) -> pd.DataFrame:
    """The decision curve of melanoma with calibrated probabilities; no rows where the test has no melanoma."""
    endpoints = [endpoint for endpoint in endpoints_of(classes) if endpoint.name == MELANOMA]
    labels = test.rows["label"]
    if not endpoints or not (labels == MELANOMA).any():
        return pd.DataFrame(columns=list(thresholds.CURVE_COLUMNS))
    melanoma = score_endpoint_of(endpoints[0], labels, test.after, classes)
    return thresholds.decision_curve(melanoma.truth, melanoma.score, test.weights[:, melanoma.rows])


def summary_text(test: TestScores) -> str:
    """The test scores in words and as a table, for a terminal."""
    rows = {label: {name: _short(value) for name, value in scores_of} for label, scores_of in test.per_class.items()}
    table = pd.DataFrame.from_dict(rows, orient="index").astype(object)
    numbers = "  ".join(f"{name} {value}" for name, value in headline(test).as_json().items())
    errors = "; ".join(f"{e.label} taken for {e.predicted} ({e.n}, {e.fraction:.0%})" for e in test.most_confused)
    return (
        f"{table.to_string(na_rep='-')}\n(recall with its 95 % interval; -: not estimable from these pictures)\n\n"
        f"most frequent errors: {errors or 'none'}\ntest: {numbers}"
    )


def _short(value: int | Estimate | None) -> int | str | None:
    """A number, or an estimate as text: its interval only where it is a proportion of n, that is recall."""
    if not isinstance(value, Estimate):
        return value
    ends = f" ({value.low:.2f} to {value.high:.2f})" if isinstance(value, CountedEstimate) else ""
    return f"{value.value:.3f}{ends}"


def _codes(labels: pd.Series, classes: list[str]) -> NDArray[np.int64]:
    codes: NDArray[np.int64] = (
        labels.map({label: index for index, label in enumerate(classes)}).to_numpy().astype(np.int64)
    )
    return codes
