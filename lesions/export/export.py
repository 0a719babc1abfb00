"""Export of a trained network with its metadata as a bundle, and the parity check against evaluate."""

import contextlib
import hashlib
import io
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions import __version__
from lesions.bundle.bundle import ARRAYS, METADATA, Bundle
from lesions.bundle.litert import LiteRTNetwork, NetworkOutputs
from lesions.bundle.out_of_distribution import FeatureDistribution
from lesions.data.diagnoses import diagnosis
from lesions.data.licences import licence_names
from lesions.data.manifest import SPLITS, is_synthetic
from lesions.data.pixels import read_pixels
from lesions.data.predictions import probability_columns
from lesions.data.results.bundle import (
    FORMAT,
    BundleMetadata,
    ClassMetadata,
    DataSummary,
    MissedMelanomas,
    OutOfDistributionRule,
    ScoreWithInterval,
)
from lesions.data.results.decision import Decision
from lesions.data.results.estimates import Estimate
from lesions.data.results.export import Parity
from lesions.data.results.scores import OperatingPoint, ScoreName, Scores
from lesions.models.backend import keras
from lesions.models.networks import LOGITS, POOL
from lesions.runtime.console import UserError
from lesions.runtime.outputs import write_archive, write_json
from lesions.runtime.parallel import map_in_threads
from lesions.runtime.stderr import deferred_stderr

MAX_DIFFERENCE = 1e-4  # of a probability, between bundle and evaluate
COVERAGE = "0.90"  # of the conformal sets in predictions: those for .95 hold too many classes to be of use
UNKNOWN = "unknown"
VERSION_DIGITS = 12  # of a hash of all inputs and files
PURPOSE = "Research software, not a medical device."
HEAT_MAPS = "class activation maps of the last feature map (Zhou et al., 2016)"
NO_HEAT_MAPS = "none: this network flattens its last feature map instead of averaging it"


class BundleArrays(NamedTuple):
    """The arrays of a bundle: head, the last layer's weights (features, classes), and the training pictures' features.

    head: None where the network does not average its last feature map.
    """

    head: NDArray[np.float32] | None
    training_distribution: FeatureDistribution


def write_network(model: keras.Model, path: Path) -> NDArray[np.float32] | None:
    """Write a LiteRT file: pixels (n, side, side, 3) in [0, 255] to logits, features and, where pooled, feature_map.

    features (n, features) are the input of the last layer; where they are the mean of feature_map (n, rows, columns,
    features), the last layer's weights (features, classes) are returned, for heat maps. The same weights give the
    same bytes.
    """
    last = model.get_layer(LOGITS)
    outputs = {"logits": last.output, "features": last.input}
    pooled = POOL in [layer.name for layer in model.layers]
    if pooled:
        outputs["feature_map"] = model.get_layer(POOL).input
    network = keras.Model(model.input, outputs, name=model.name)
    with contextlib.redirect_stdout(io.StringIO()), deferred_stderr():
        network.export(path, format="litert")
    return np.asarray(last.kernel, dtype=np.float32) if pooled else None


def write_bundle(folder: Path, metadata: BundleMetadata, arrays: BundleArrays) -> None:
    """Write arrays and metadata to a folder that holds the network, and maybe more files.

    The metadata get the sha256 of every file, and a version that changes with any of them and of its inputs.
    """
    named_arrays = arrays.training_distribution._asdict() | ({} if arrays.head is None else {"head": arrays.head})
    write_archive(folder / ARRAYS, {f"{name}.npy": _as_file(array) for name, array in named_arrays.items()})
    files = {path.name: sha256_of(path) for path in sorted(folder.iterdir())}
    hashes = "".join([*metadata.inputs.values(), *files.values()])
    version = hashlib.sha256(hashes.encode()).hexdigest()[:VERSION_DIGITS]
    write_json(folder / METADATA, asdict(replace(metadata, version=version, files=files)))


def _as_file(array: NDArray[np.float32]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def sha256_of(path: Path) -> str:
    """The hash of a file, as hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run_on_pictures(network: LiteRTNetwork, paths: Sequence[Path]) -> list[NetworkOutputs]:
    """Logits and features of prepared pictures, in their order, by all cores; the feature maps are let go."""

    def run(path: Path) -> NetworkOutputs:
        return network.run(read_pixels(path))._replace(feature_map=None)

    return list(map_in_threads(run, paths, "network"))


def parity(bundle: Bundle, predictions: pd.DataFrame, outputs: Sequence[NetworkOutputs]) -> Parity:
    """Differences between the bundle's predictions and those of evaluate, for metrics/export.json.

    predictions: the table of evaluate; outputs: of the bundle's network, for its rows. Raises UserError where they
    differ by MAX_DIFFERENCE or more, or the classes do.
    """
    columns = probability_columns(bundle.metadata.labels)
    if [column for column in predictions.columns if column.startswith("p_")] != columns:
        raise UserError("reports/predictions.csv and models/decision.json have other classes: run `dvc repro evaluate`")
    bundle_predictions = [bundle.decide(of_picture) for of_picture in outputs]
    rows = [list(prediction.probabilities.values()) for prediction in bundle_predictions]
    probabilities = np.array(rows).reshape(-1, len(columns))
    largest = float(np.abs(probabilities - predictions[columns].to_numpy(dtype=np.float64)).max(initial=0))
    if not largest < MAX_DIFFERENCE:
        raise UserError(
            f"the exported network differs from models/model.keras by up to {largest:.6f} in a probability, allowed is "
            f"less than {MAX_DIFFERENCE}: run `dvc repro --force --single-item evaluate`, and report it if it stays"
        )
    same = [
        prediction.label == label
        for prediction, label in zip(bundle_predictions, predictions["predicted"], strict=True)
    ]
    return Parity(n=len(bundle_predictions), max_abs_difference=round(largest, 7), n_label_changes=same.count(False))


def bundle_metadata(
    model: keras.Model,
    decision: Decision,
    scores: Scores,
    manifest: pd.DataFrame,
    ood_rule: OutOfDistributionRule,
) -> BundleMetadata:
    """The metadata without hashes; decision, scores: the files of evaluate; ood_rule: of fit_out_of_distribution()."""
    test, split = scores.test, manifest.groupby("split").size()
    origins = manifest["origin"].replace("", UNKNOWN).value_counts().sort_index()
    counts = manifest.groupby(["label", "split"]).size().unstack(fill_value=0)
    pooled = POOL in [layer.name for layer in model.layers]
    return BundleMetadata(
        format=FORMAT,
        version="",
        lesions_version=__version__,
        network=model.name,
        classes=tuple(_class_metadata(label, counts) for label in decision.classes),
        image_size=decision.image_size,
        color_constancy=decision.color_constancy,
        temperature=decision.temperature,
        prior_correction=decision.prior_correction,
        thresholds=decision.thresholds,
        conformal=decision.conformal,
        pooled=pooled,
        heat_maps=HEAT_MAPS if pooled else NO_HEAT_MAPS,
        coverage=COVERAGE,
        empirical_coverage=_score(test.conformal[COVERAGE].coverage),
        out_of_distribution=ood_rule,
        scores=_scores(test.overall),
        baselines={name: _scores(baseline.scores) for name, baseline in test.baselines.items()},
        missed_melanomas=_missed_melanomas(test.operating_points.get("melanoma")),
        data=DataSummary(
            synthetic=is_synthetic(manifest),
            licence=licence_names(origins),
            **{f"n_{name}": int(split.get(name, 0)) for name in SPLITS},
            origins={str(origin): int(n) for origin, n in origins.items()},
        ),
        inputs={},
        files={},
        purpose=PURPOSE,
    )


def _class_metadata(label: str, counts: pd.DataFrame) -> ClassMetadata:
    entry = diagnosis(label)
    n = {f"n_{name}": int(counts[name][label]) if name in counts else 0 for name in SPLITS}
    return ClassMetadata(label, entry.name, entry.short, entry.malignancy, **n)


def _scores(estimates: dict[ScoreName, Estimate]) -> dict[str, ScoreWithInterval]:
    return {str(name): ScoreWithInterval(score.value, score.low, score.high) for name, score in estimates.items()}


def _score(estimate: Estimate | None) -> ScoreWithInterval | None:
    return ScoreWithInterval(estimate.value, estimate.low, estimate.high) if estimate else None


def _missed_melanomas(point: OperatingPoint | None) -> MissedMelanomas | None:
    """One minus the sensitivity at the melanoma threshold, as counts; None where that is not estimable."""
    if not point or not point.sensitivity:
        return None
    sensitivity = point.sensitivity
    missed, low, high = round(sensitivity.n * (1 - sensitivity.value)), 1 - sensitivity.high, 1 - sensitivity.low
    return MissedMelanomas(missed, sensitivity.n, round(low, 4), round(high, 4))
