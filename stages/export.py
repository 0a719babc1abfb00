"""Export the trained network as a bundle, and check its predictions against those of evaluate."""

import shutil

from lesions.data.manifest import read_manifest
from lesions.data.predictions import read_predictions
from lesions.data.results.decision import Decision
from lesions.data.results.scores import Scores
from lesions.export.export import sha256_of
from lesions.export.make_bundle import make_bundle
from lesions.models.predict import load_model
from lesions.params.paths import (
    BUNDLE,
    DECISION,
    EVALUATE_PLOTS,
    EXPORT_METRICS,
    MODEL,
    MODEL_CARD,
    PREDICTIONS,
    PREPARED,
    SCORES,
)
from lesions.params.schema import load_params
from lesions.runtime.console import run
from lesions.runtime.outputs import whole_folder

CHARTS = [EVALUATE_PLOTS / f"{name}.png" for name in ("confusion", "pr", "reliability", "roc")]  # without test pictures


def main() -> None:
    load_params()
    with whole_folder(BUNDLE) as folder:
        for chart in CHARTS:
            shutil.copyfile(chart, folder / chart.name)
        metrics = make_bundle(
            folder,
            load_model(MODEL),
            read_manifest(PREPARED),
            PREPARED,
            predictions=read_predictions(PREDICTIONS),
            decision=Decision.read(DECISION),
            scores=Scores.read(SCORES),
            card=MODEL_CARD,
            inputs={path.as_posix(): sha256_of(path) for path in (MODEL, DECISION, SCORES)},
        )
    metrics.write(EXPORT_METRICS)
    print(
        f"{BUNDLE}: {metrics.bytes / 1e6:.1f} MB; {metrics.parity.n} held-out pictures get the probabilities of "
        f"evaluate, to {metrics.parity.max_abs_difference:.1e}"
    )


if __name__ == "__main__":
    run(main)
