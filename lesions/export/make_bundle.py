"""A trained network and what evaluate found of it, made into a bundle that is held against both."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from lesions.bundle.bundle import NETWORK, Bundle
from lesions.bundle.litert import LiteRTNetwork
from lesions.data.results.decision import Decision
from lesions.data.results.export import ExportMetrics
from lesions.data.results.scores import Scores
from lesions.export import export, ood_check
from lesions.models.backend import keras


def make_bundle(
    folder: Path,
    model: keras.Model,
    manifest: pd.DataFrame,
    prepared: Path,
    *,
    predictions: pd.DataFrame,
    decision: Decision,
    scores: Scores,
    card: Path,
    inputs: Mapping[str, str],
) -> ExportMetrics:
    """Write the bundle into a folder that may hold more files already, and compare it with the evaluation.

    prepared: folder of the manifest's pictures; predictions, decision, scores: what evaluate wrote; card: the model
    card, which gets a section more; inputs: sha256 of the files that the bundle is made of, by path. The network runs
    once on each picture. Raises UserError where it does not say what evaluate found.
    """
    head = export.write_network(model, folder / NETWORK)
    network = LiteRTNetwork((folder / NETWORK).read_bytes())
    outputs = export.run_on_pictures(network, [prepared / path for path in manifest["path"]])
    features = np.stack([of_picture.features for of_picture in outputs])
    distribution, ood_rule = ood_check.fit_out_of_distribution(network, manifest, features, decision)
    metadata = export.bundle_metadata(model, decision, scores, manifest, ood_rule)
    text = card.read_text(encoding="utf-8") + ood_check.card_section(metadata)
    (folder / card.name).write_text(text, encoding="utf-8")
    export.write_bundle(folder, replace(metadata, inputs=dict(inputs)), export.BundleArrays(head, distribution))
    output_of = dict(zip(manifest["image_id"], outputs, strict=True))
    return ExportMetrics(
        parity=export.parity(Bundle.load(folder), predictions, [output_of[name] for name in predictions["image_id"]]),
        out_of_distribution=ood_check.errors(ood_rule),
        bytes=sum(path.stat().st_size for path in folder.iterdir()),
    )
