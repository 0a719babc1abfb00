"""How far the probabilities of a model can be believed, judged by rules on the numbers of a run."""

from lesions.data.diagnoses import diagnosis
from lesions.rendering.formatting import format_estimate, format_percent, format_proportion
from lesions.rendering.html import Section, Table
from lesions.reports.run_results import RunResults

MIN_CALIBRATION_PICTURES = 50  # of the test; ten bins of fewer than five are too noisy


def calibration_section(results: RunResults) -> Section:
    """The calibration of the probabilities and the coverage of the conformal sets."""
    calibration = results.test_scores.calibration
    error, chance = calibration.after.ece, calibration.after.ece_if_perfect
    if (error.value if error.low is None else error.low) > chance:
        verdict = "clearly more than"
    elif error.value > chance:
        verdict = "more than, though not clearly,"
    else:
        verdict = "no more than"
    texts = [
        f"After calibration the calibration error is {format_estimate(error)}, {verdict} the {chance:.3f} that perfect "
        f"probabilities would show on {calibration.n:,} pictures (before: "
        f"{format_estimate(calibration.before.ece)})."
    ]
    if calibration.n < MIN_CALIBRATION_PICTURES:
        texts = [
            f"Calibration cannot be told: {calibration.n} test pictures, at least {MIN_CALIBRATION_PICTURES} needed."
        ]
    rows = []
    for level, row in results.test_scores.conformal.items():
        rows.append(
            [
                format_percent(float(level)),
                format_proportion(row.coverage),
                format_estimate(row.mean_set_size),
                format_proportion(row.singleton_fraction),
            ]
        )
    for label, basis in _without_guarantee(results):
        texts.append(f"For {diagnosis(label).name} the 90 % sets promise nothing: {basis}.")
    texts.append("All of this holds for the class shares of these pictures, not for those of a clinic.")
    columns = ["sets that promise", "hold the truth in", "classes in a set, mean", "sets of one class"]
    return Section("How far can its probabilities be believed?", texts, [Table(columns, rows)])


def _without_guarantee(results: RunResults) -> list[tuple[str, str]]:
    per_class = results.test_scores.conformal["0.90"].per_class
    return [
        (label, "too few validation pictures")
        for label, row in per_class.items()
        if row.basis.startswith("no guarantee")
    ]
