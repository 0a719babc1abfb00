"""Export the trained network as a bundle, and check its predictions against those of evaluate."""

import shutil
from dataclasses import replace

from lesions.bundle.bundle import NETWORK, Bundle
from lesions.bundle.litert import LiteRTNetwork
from lesions.data.manifest import read_manifest
from lesions.data.predictions import read_predictions
from lesions.data.results.decision import Decision
from lesions.data.results.export import ExportMetrics
from lesions.data.results.scores import Scores
from lesions.export import export, ood_check
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
    manifest = read_manifest(PREPARED)
    decision, scores = Decision.read(DECISION), Scores.read(SCORES)
    model, predictions = load_model(MODEL), read_predictions(PREDICTIONS)
    paths = predictions["image_id"].map(manifest.set_index("image_id")["path"])
    inputs = {path.as_posix(): export.sha256_of(path) for path in (MODEL, DECISION, SCORES)}
    with whole_folder(BUNDLE) as folder:
        head = export.write_network(model, folder / NETWORK)
        network = LiteRTNetwork((folder / NETWORK).read_bytes())
        distribution, ood_rule = ood_check.fit_out_of_distribution(network, manifest, PREPARED, decision)
        metadata = export.bundle_metadata(model, decision, scores, manifest, ood_rule)
        for chart in CHARTS:
            shutil.copyfile(chart, folder / chart.name)
        card = MODEL_CARD.read_text(encoding="utf-8") + ood_check.card_section(metadata)
        (folder / MODEL_CARD.name).write_text(card, encoding="utf-8")
        export.write_bundle(folder, replace(metadata, inputs=inputs), export.BundleArrays(head, distribution))
        parity = export.parity(Bundle.load(folder), predictions, PREPARED, paths)
        size = sum(path.stat().st_size for path in folder.iterdir())
    errors = ood_check.errors(ood_rule)
    ExportMetrics(parity=parity, out_of_distribution=errors, bytes=size).write(EXPORT_METRICS)
    print(
        f"{BUNDLE}: {size / 1e6:.1f} MB; {parity.n} held-out pictures get the probabilities of evaluate, "
        f"to {parity.max_abs_difference:.1e}"
    )


if __name__ == "__main__":
    run(main)
