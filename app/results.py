"""The headline scores and the files of a run: printed at the end of `make repro`."""

import json

from lesions.params.paths import EVALUATE_METRICS
from lesions.runtime.console import UserError, run

RESULT_FILES = {
    "metrics/evaluate.json": "the scores on the test pictures (also: dvc metrics show)",
    "reports/report.html": "what the scores say, in sentences, with charts (also: reports/findings.md)",
    "reports/model_card.md": "what the model is for and not for; the pictures: reports/data_card.md",
    "reports/scores.json": "every score with its interval, thresholds, calibration, baselines, subgroups",
    "reports/predictions.csv": "every held-out picture with its probabilities",
    "reports/data_audit.html": "what is wrong with the data, pictures side by side",
    "metrics/imbalance.json": "which classes are rare and which dominate",
    "metrics/prepare.json": "what became of every raw file",
    "plots/": "charts and contact sheets; interactive: dvc plots show --open",
    "models/model.keras": "the network",
    "models/bundle/": "the same to use, without TensorFlow: python -m app.predict PICTURE",
}


def main() -> None:
    """Print the headline scores and the files. Raises UserError where the pipeline has not run."""
    path = EVALUATE_METRICS
    if not path.exists():
        raise UserError(f"{path} is not there: run `dvc repro` first")
    headline = json.loads(path.read_text(encoding="utf-8"))
    width = max(map(len, RESULT_FILES))
    print("\nScores on the test pictures: " + ", ".join(f"{name} {value}" for name, value in headline.items()))
    print("\n".join(["Results:", *(f"  {name:{width}}  {description}" for name, description in RESULT_FILES.items())]))


if __name__ == "__main__":
    run(main)
