"""The headline scores and the files of a run: printed at the end of `make repro`."""

from pathlib import Path

from app import changed_outputs
from app.command_line import argument_parser
from lesions.data.results.scores import EvaluateMetrics
from lesions.params.paths import (
    BUNDLE,
    DATA_AUDIT,
    EVALUATE_METRICS,
    IMBALANCE_METRICS,
    MODEL,
    MODEL_CARD,
    PREDICTIONS,
    PREPARE_METRICS,
    REPORT,
    SCORES,
)
from lesions.runtime.console import run

RESULT_FILES = {
    EVALUATE_METRICS: "the scores on the test pictures (also: dvc metrics show)",
    REPORT: "what the scores say, in sentences, with charts (also: reports/findings.md)",
    MODEL_CARD: "what the model is for and not for; the pictures: reports/data_card.md",
    SCORES: "every score with its interval, thresholds, calibration, baselines, subgroups",
    PREDICTIONS: "every held-out picture with its probabilities",
    DATA_AUDIT: "what is wrong with the data, pictures side by side",
    IMBALANCE_METRICS: "which classes are rare and which dominate",
    PREPARE_METRICS: "what became of every raw file",
    Path("plots"): "charts and contact sheets; interactive: dvc plots show --open",
    MODEL: "the network",
    BUNDLE: "the same to use, without TensorFlow: python -m app.predict PICTURE",
}
EXAMPLES = """\
example, after `dvc repro`:
  python -m app results
"""


def main() -> None:
    """Print the headline scores, the files, and whether Git holds other results.

    Raises UserError where the pipeline has not run.
    """
    argument_parser("results", __doc__, EXAMPLES).parse_args()
    headline = EvaluateMetrics.read(EVALUATE_METRICS).as_json()
    width = max(len(str(file)) for file in RESULT_FILES)
    print("\nScores on the test pictures: " + ", ".join(f"{name} {value}" for name, value in headline.items()))
    print("\n".join(["Results:", *(f"  {file!s:{width}}  {text}" for file, text in RESULT_FILES.items())]))
    if sentence := changed_outputs.sentence():
        print(f"\n{sentence}")


if __name__ == "__main__":
    run(main)
