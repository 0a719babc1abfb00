"""Each sentence of the findings follows from its numbers: its text on either side of each threshold."""

from typing import Any

import pytest

from lesions.data.results.comparison import Comparison
from lesions.data.results.estimates import Estimate
from lesions.reports import fit_for_use, heatmaps
from lesions.reports.findings import COMPARISON_COMMANDS, findings
from lesions.reports.learning_curves import FitAssessment, assess_fit
from lesions.reports.page import CHARTS
from lesions.reports.run_results import RunResults
from tests.unit.held_out import CLASSES
from tests.unit.run_results import make_class, make_counted, make_curves, make_estimate, make_run_results, section_text


def text_under(title: str, results: RunResults, method: str = "augment") -> str:
    sections = {section.title: section for section in findings(results, method, 0.9)}
    return section_text(sections[title])


def fit(train: float, val: float, loss: float = 1.0, high: float = 0.74) -> FitAssessment:
    return assess_fit(make_curves(train, val, loss), 2, 3, Estimate(value=val, low=0.1, high=high))


@pytest.mark.parametrize(("val", "overfits"), [(0.651, False), (0.649, True)])
def test_a_gap_of_a_tenth_between_training_and_validation_is_overfitting(val: float, overfits: bool) -> None:
    assert fit(0.75, val).overfits is overfits
    assert ("overfits:" in fit(0.75, val).verdict) is overfits
    assert ("neither" in fit(0.75, val).verdict) is not overfits


@pytest.mark.parametrize(("high", "overfits"), [(0.76, False), (0.74, True)])
def test_a_gap_within_the_interval_of_the_validation_score_is_none(high: float, overfits: bool) -> None:
    """Twenty validation pictures: a gap of .15 may be the luck of the draw, and the curves alone do not know it."""
    assert fit(0.75, 0.6, high=high).overfits is overfits


@pytest.mark.parametrize(("loss", "words"), [(1.0, "Too few validation pictures"), (1.2, "The network overfits")])
def test_without_an_interval_a_gap_says_nothing(loss: float, words: str) -> None:
    """Five validation pictures: only a loss that has risen still tells."""
    assessment = assess_fit(make_curves(0.95, 0.5, loss), 2, 3, None)
    assert words in assessment.verdict
    assert assessment.overfits is (loss > 1.1)


@pytest.mark.parametrize(("loss", "overfits"), [(1.09, False), (1.11, True)])
def test_a_validation_loss_that_has_risen_by_a_tenth_is_overfitting(loss: float, overfits: bool) -> None:
    assert fit(0.75, 0.75, loss).overfits is overfits


@pytest.mark.parametrize(("train", "underfits"), [(0.66, True), (0.67, False)])
def test_less_than_half_of_the_way_from_chance_is_underfitting(train: float, underfits: bool) -> None:
    """Three classes: chance is 1/3, half of the way to 1 is 2/3."""
    assert fit(train, 0.66).underfits is underfits


def test_the_curves_are_read_at_the_epoch_whose_weights_were_kept() -> None:
    assert assess_fit(make_curves(0.9, 0.5), 1, 3, None).train == 0.5


@pytest.mark.parametrize(("best", "stated"), [(9, False), (10, True)])
def test_a_best_epoch_among_the_last_leaves_open_whether_more_would_help(best: int, stated: bool) -> None:
    training = {"epochs_run": 10, "best_epoch": best, "kept_epoch": 2, "weights": 1}
    text = text_under("Does it over- or underfit?", make_run_results(training=training))
    assert ("whether more epochs would help" in text) is stated


def test_without_a_comparison_it_says_so_and_gives_the_commands() -> None:
    text = text_under("Did rebalancing help?", make_run_results())
    assert text.startswith("This cannot be told")
    assert all(command in text for command in COMPARISON_COMMANDS)
    assert "-S rebalance.method=none" in text


def test_a_run_that_does_not_rebalance_claims_nothing_of_it() -> None:
    assert "nothing to compare" in text_under("Did rebalancing help?", make_run_results(), method="none")


def make_comparison(difference: float, excludes_zero: bool, b: float = 0.7, n: int = 120) -> Comparison:
    row = {"a": b - difference, "b": b, "difference": make_estimate(difference), "excludes_zero": excludes_zero}
    names = {"a": "plain", "b": "reports/predictions.csv", "classes": CLASSES, "notes": []}
    counts = {"n": n, "n_groups": n, "n_label_changes": 1}
    return Comparison.model_validate({**names, **counts, "scores": {"balanced_accuracy": row}})


@pytest.mark.parametrize(
    ("comparison", "start"),
    [
        (make_comparison(0.1, True), "Yes, in balanced accuracy"),
        (make_comparison(-0.1, True), "No, it did harm, in balanced accuracy"),
        (make_comparison(0.1, False), "Of balanced accuracy (mean recall) it cannot be told"),
        (make_comparison(-0.1, False), "Of balanced accuracy (mean recall) it cannot be told"),
    ],
)
def test_rebalancing_helped_only_where_the_interval_excludes_zero(comparison: Comparison, start: str) -> None:
    text = text_under("Did rebalancing help?", make_run_results(comparison=comparison))
    assert text.startswith(start)
    assert "several seeds" in text


@pytest.mark.parametrize("comparison", [make_comparison(0.1, True, b=0.701), make_comparison(0.1, True, n=119)])
def test_a_comparison_of_other_results_is_not_used(comparison: Comparison) -> None:
    """After another training the file is still there, and would be reported as if it were of this run."""
    text = text_under("Did rebalancing help?", make_run_results(comparison=comparison))
    assert "is of other results" in text
    assert "Yes" not in text


def test_errors_are_told_with_the_share_of_the_true_class() -> None:
    text = text_under("Which classes are taken for which?", make_run_results())
    assert "8 of 40 pictures of melanoma are taken for nevus: 20 % (10 to 35 %)." in text  # Wilson's: 0.105 to 0.348
    assert "both ways" not in text
    both = [
        {"label": a, "predicted": b, "n": 8, "fraction": 0.2} for a, b in (("melanoma", "nevus"), ("nevus", "melanoma"))
    ]
    assert "Melanoma and nevus are among the most frequent errors both ways." in text_under(
        "Which classes are taken for which?", make_run_results({"test/most_confused": both})
    )


@pytest.mark.parametrize(("n", "stated"), [(9, False), (10, True)])
def test_a_share_of_under_ten_pictures_is_not_told(n: int, stated: bool) -> None:
    confused = [{"label": "melanoma", "predicted": "nevus", "n": 2, "fraction": 2 / n}]
    results = make_run_results({"test/per_class/melanoma": make_class(n), "test/most_confused": confused})
    text = text_under("Which classes are taken for which?", results)
    assert f"2 of {n} pictures of melanoma" in text
    assert ("%" in text.split(".")[0]) is stated
    listed = "Under 10 test pictures, so not estimable alone: melanoma." in text_under("How well does it do?", results)
    assert listed is not stated


def test_missed_melanomas_and_malignant_pictures_called_benign_are_counted() -> None:
    results = make_run_results()
    rows = results.predictions
    malignant = rows["label"] == "melanoma"
    wrong = malignant & rows["predicted"].isin(["nevus", "vascular_lesion"])
    text = text_under("Which classes are taken for which?", results)
    assert f"{wrong.sum()} of {malignant.sum()} malignant pictures are called a benign class." in text
    assert f"1 of {malignant.sum()} melanomas are missed, called 1 nevus." in text


def test_no_error_no_pairs() -> None:
    assert text_under("Which classes are taken for which?", make_run_results({"test/most_confused": []})).startswith(
        "No test picture"
    )


def test_no_mean_over_classes_where_one_is_too_small() -> None:
    results = make_run_results({"test/overall": {"accuracy": make_estimate(0.7)}, "test/smallest_class_n": 3})
    text = text_under("How well does it do?", results)
    assert "balanced accuracy" not in text
    assert "smallest class has 3" in text


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.90, 0.99, "which keeps the promise"),
        (0.80, 0.899, "which breaks the promise"),
        (0.89, 0.90, "neither kept nor broken"),
    ],
)
def test_a_threshold_keeps_its_promise_only_with_its_whole_interval(low: float, high: float, words: str) -> None:
    results = make_run_results({"test/operating_points/melanoma/sensitivity": make_counted(0.9, low, high)})
    assert words in text_under("Is it fit for use, and for what not?", results)


def test_what_a_call_is_worth_in_general_practice_stands_beside_the_sensitivity() -> None:
    text = text_under("Is it fit for use, and for what not?", make_run_results())
    assert "Where 1 picture in 100 is a case, 6 of 100 that it flags would be one." in text


@pytest.mark.parametrize(("value", "stated"), [(0.49, False), (0.5, True)])
def test_classes_that_go_with_collections_inflate_scores(value: float, stated: bool) -> None:
    results = make_run_results({"prepare/audit/cramers_v/origin": value})
    assert ("Class and collection go together" in text_under("Is it fit for use, and for what not?", results)) is stated
    results = make_run_results({"prepare/audit/cramers_v/origin": None})
    assert "collection go together" not in text_under("Is it fit for use, and for what not?", results)


@pytest.mark.parametrize(
    ("gain", "beats"),
    [
        (make_estimate(0.2), True),
        (make_estimate(0.02), False),
        (make_estimate(-0.2), False),
    ],
)
def test_a_baseline_is_beaten_only_where_the_interval_says_so(gain: dict[str, Any], beats: bool) -> None:
    results = make_run_results({"test/baselines/thumbnail/difference/balanced_accuracy": gain})
    text = text_under("Is it fit for use, and for what not?", results)
    assert ("It has learnt more than colours" in text) is beats
    assert ("It is not shown to beat the baseline 'thumbnail'" in text) is not beats


@pytest.mark.parametrize("origin", ["synthetic", "HAM10000"])
def test_use_on_people_is_ruled_out_and_synthetic_pictures_are_named(origin: str) -> None:
    manifest = make_run_results().manifest.assign(origin=origin)
    text = text_under("Is it fit for use, and for what not?", make_run_results(manifest=manifest))
    assert text.startswith("Not fit for any decision on people")
    assert "No external validation" in text
    assert ("drawn by a program" in text) is (origin == "synthetic")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.1, 0.29, "less than the 30 %"),
        (0.31, 0.4, "more than the 30 %"),
        (0.29, 0.31, "as much, as far as can be told"),
    ],
)
def test_heat_on_the_frame_is_held_against_a_uniform_map(low: float, high: float, words: str) -> None:
    results = make_run_results({"test/explanations/overall/frame_fraction": make_estimate(0.3, low, high)})
    assert words in text_under("Does it look at the lesion?", results)


@pytest.mark.parametrize(("low", "named"), [(0.30, False), (0.31, True)])
def test_classes_with_more_heat_on_the_frame_than_a_uniform_map_are_named(low: float, named: bool) -> None:
    results = make_run_results({"test/explanations/per_class/nevus/frame_fraction": make_estimate(0.35, low)})
    text = text_under("Does it look at the lesion?", results)
    assert ("In pictures of nevus it gets more than in a uniform map" in text) is named


@pytest.mark.parametrize("checkpoint_epoch", [1, 2])
def test_the_last_epoch_is_told_where_others_were_kept(checkpoint_epoch: int) -> None:
    """The chart shows the curves after that epoch: a reader wants to know their end."""
    training = {"epochs_run": 2, "best_epoch": checkpoint_epoch, "kept_epoch": checkpoint_epoch, "weights": 1}
    text = text_under("Does it over- or underfit?", make_run_results(training=training, curves=make_curves(0.9, 0.6)))
    assert (
        "At the last epoch, whose weights were not kept, balanced accuracy is 0.90 in training and 0.60" in text
    ) is (checkpoint_epoch == 1)


@pytest.mark.parametrize(("cells", "coarse"), [(11, True), (12, False)])
def test_maps_coarser_than_the_frame_say_so(cells: int, coarse: bool) -> None:
    results = make_run_results({"test/explanations/randomization_test/map_shape": [cells, cells]})
    assert ("each wider than the frame" in text_under("Does it look at the lesion?", results)) is coarse


def test_too_few_maps_tell_no_share() -> None:
    results = make_run_results({"test/explanations/overall/frame_fraction": None})
    assert "cannot be told" in text_under("Does it look at the lesion?", results)


@pytest.mark.parametrize(
    ("draws", "words"),
    [
        ([0.1, -0.49], "come from the learnt weights"),
        ([0.1, 0.5], "not shown to come"),
        ([0.1, -0.5], "not shown to come"),
        ([None, None], "maps are constant"),
    ],
)
def test_maps_that_random_weights_would_give_as_well_are_not_trusted(draws: list[float | None], words: str) -> None:
    results = make_run_results({"test/explanations/randomization_test/rank_correlations": draws})
    assert words in text_under("Does it look at the lesion?", results)


@pytest.mark.parametrize(
    ("value", "high", "words"),
    [
        (0.6, 0.69, "below the 0.7"),
        (0.6, 0.7, "leaves open whether pictures give classes away"),
        (0.7, 0.8, "so pictures give classes away"),
    ],
)
def test_a_telling_frame_is_named(value: float, high: float, words: str) -> None:
    scores = {"melanoma_vs_nevus_auroc": make_estimate(value, 0.5, high)}
    results = make_run_results({"test/baselines/frame/scores": scores})
    assert words in text_under("Does it look at the lesion?", results)


@pytest.mark.parametrize(
    ("value", "low", "words"),
    [(0.06, 0.02, "no more than"), (0.061, 0.06, "though not clearly"), (0.1, 0.061, "clearly more than")],
)
def test_calibration_is_held_against_what_perfect_probabilities_would_show(
    value: float, low: float, words: str
) -> None:
    text = text_under(
        "How far can its probabilities be believed?",
        make_run_results({"test/calibration/after/ece": make_estimate(value, low)}),
    )
    assert words in text


@pytest.mark.parametrize(("n", "stated"), [(49, False), (50, True)])
def test_calibration_of_few_pictures_is_not_told(n: int, stated: bool) -> None:
    text = text_under("How far can its probabilities be believed?", make_run_results({"test/calibration/n": n}))
    assert ("After calibration" in text) is stated


@pytest.mark.parametrize(("n", "fit_for"), [(9, False), (10, True)])
def test_recipes_are_compared_on_enough_pictures_only(n: int, fit_for: bool) -> None:
    few = make_class(n)
    results = make_run_results({"test/per_class": dict.fromkeys(CLASSES, few), "test/operating_points": {}})
    text = text_under("Is it fit for use, and for what not?", results)
    assert ("It is fit for comparing" in text) is fit_for
    assert ("too few even for comparing" in text) is not fit_for
    assert fit_for_use.fit_for_use_section(results, 0.9).tables == []


def test_classes_without_a_guarantee_are_named() -> None:
    results = make_run_results({"test/conformal/0.90/per_class/nevus/basis": "no guarantee: all classes"})
    text = text_under("How far can its probabilities be believed?", results)
    assert "For nevus the 90 % sets promise nothing" in text
    assert "melanoma" not in text


def test_what_repeated_photographs_say_is_told_where_it_is_known() -> None:
    assert "not estimable" in text_under("What is not known", make_run_results())
    repeatability = {"n": 40, "n_groups": 20, "agreement": make_estimate(0.8), "expected_agreement": 0.4}
    text = text_under("Which classes are taken for which?", make_run_results({"test/repeatability": repeatability}))
    assert "80 % (75 to 85 %) of pairs (20 lesions with several; 40 % for pictures of different lesions" in text


def test_every_chart_of_the_report_stands_below_a_finding() -> None:
    """A chart under a title that no longer exists would silently vanish from the page."""
    titles = {section.title for section in findings(make_run_results(), "augment", 0.9)}
    assert set(CHARTS) <= titles


def test_thresholds_are_stated_in_the_text_that_uses_them() -> None:
    """A reader can only check a rule that is printed."""
    assert str(heatmaps.MAX_RANK_CORRELATION) in text_under("Does it look at the lesion?", make_run_results())
    assert "at least 0.10 above" in text_under("Does it over- or underfit?", make_run_results())
    assert make_run_results().classes == CLASSES
