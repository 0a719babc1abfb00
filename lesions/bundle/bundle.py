"""The bundle: a trained model in one folder, for inference on any machine without TensorFlow.

    lesions.tflite   the network: pixels to logits, last features and, where they are pooled, the last feature map
    lesions.npz      weights of its last layer, for heat maps; the features' distribution (out_of_distribution.py)
    lesions.json     the metadata (lesions/data/results/bundle.py)

Loading it takes a fraction of a second, so nothing heavy may be imported here: no pandas, SciPy or scikit-learn.
"""

import hashlib
import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lesions.bundle.litert import LiteRTNetwork, NetworkOutputs
from lesions.bundle.metadata import COMMAND, read_metadata
from lesions.bundle.out_of_distribution import FeatureDistribution, distance
from lesions.data.images import load_pixels
from lesions.data.pixels import Pixels
from lesions.data.results.bundle import BundleMetadata
from lesions.metrics.decisions import PROBABILITY_DIGITS, Calibration, balanced, endpoint_score, in_conformal_set
from lesions.rendering.heatmaps import Heat, frame_share, normalise, sits_on_frame, upsample
from lesions.runtime.console import UserError

NETWORK, ARRAYS, METADATA = "lesions.tflite", "lesions.npz", "lesions.json"
MELANOMA = "melanoma"


class Prediction(NamedTuple):
    """The prediction for one picture. Probabilities follow the class shares of training, rounded to 6 digits.

    melanoma_score: compared with `threshold`; None where melanoma is no class, and above_threshold is None where there
    is no threshold. conformal_set: its classes, most probable first; may be empty. unlike_training: the picture is
    out of distribution, by its `distance`. not_sure: that, or the set is not exactly one class.
    heat: (side, side) in [0, 1], the class activation map of heat_of; frame_share of it, 0 to 1, is on the outer
    frame. All None without `explain` or without a feature map.
    """

    label: str
    probability: float
    probabilities: dict[str, float]
    melanoma_score: float | None
    threshold: float | None
    above_threshold: bool | None
    conformal_set: tuple[str, ...]
    not_sure: bool
    unlike_training: bool
    distance: float
    heat_of: str | None = None
    heat: Heat | None = None
    frame_share: float | None = None
    heat_on_frame: bool | None = None


class Bundle:
    """A loaded model; predict() may run in several threads at once."""

    def __init__(self, metadata: BundleMetadata, network: bytes, arrays: dict[str, NDArray[np.float32]]) -> None:
        self.metadata = metadata
        self.network = LiteRTNetwork(network)
        self._head = arrays.get("head")  # (features, classes)
        self._training_distribution = FeatureDistribution(arrays["means"], arrays["whitening"])
        correction = np.array([metadata.prior_correction[label] for label in metadata.labels])
        self._calibration = Calibration(metadata.temperature, correction)
        class_quantiles = metadata.conformal[metadata.coverage]
        self._quantiles = np.array([class_quantiles[label].quantile for label in metadata.labels])

    @classmethod
    def load(cls, folder: Path) -> "Bundle":
        """The model in a folder. Raises UserError where there is none, or its files do not belong together."""
        metadata = read_metadata(folder / METADATA)
        network, arrays = (_verified_content(folder / name, metadata) for name in (NETWORK, ARRAYS))
        try:
            with np.load(io.BytesIO(arrays), allow_pickle=False) as archive:
                return cls(metadata, network, dict(archive))
        except (ValueError, KeyError, OSError, RuntimeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise UserError(f"{folder} holds no usable model ({reason}): make it again with `{COMMAND}`") from None

    def pixels(self, source: bytes | Path) -> Pixels:
        """A picture file, or its content, as the network sees it: (image_size, image_size, 3). Raises PictureError."""
        return load_pixels(source, self.metadata.image_size, self.metadata.color_constancy)

    def predict(self, pixels: Pixels, explain: bool = False) -> list[Prediction]:
        """The predictions for pictures (n, image_size, image_size, 3), as pixels() returns them.

        The pictures go through the network one by one, so that a prediction does not depend on the other pictures.
        Raises ValueError where the shape is another.
        """
        side = self.metadata.image_size
        if pixels.shape[1:] != (side, side, 3):
            raise ValueError(f"pixels {pixels.shape[1:]} for a network that takes {(side, side, 3)}")
        return [self.decide(self.network.run(picture), explain) for picture in pixels]

    def decide(self, outputs: NetworkOutputs, explain: bool = False) -> Prediction:
        """The prediction that follows from what the network gave out for one picture."""
        labels = self.metadata.labels
        p = balanced(outputs.logits[None], self._calibration).round(PROBABILITY_DIGITS)
        order = np.argsort(-p[0], kind="stable")
        inside = in_conformal_set(p, self._quantiles)[0]
        conformal_set = tuple(labels[index] for index in order if inside[index])
        distance_to_training = distance(outputs.features, self._training_distribution)
        out_of_distribution = distance_to_training > self.metadata.out_of_distribution.threshold
        prediction = Prediction(
            label=labels[order[0]],
            probability=float(p[0, order[0]]),
            probabilities=dict(zip(labels, map(float, p[0]), strict=True)),
            **self._melanoma(p),
            conformal_set=conformal_set,
            not_sure=len(conformal_set) != 1 or out_of_distribution,
            unlike_training=out_of_distribution,
            distance=distance_to_training,
        )
        return self._with_heat_map(prediction, outputs) if explain else prediction

    def _melanoma(self, p: NDArray[np.float64]) -> dict[str, Any]:
        rule = self.metadata.thresholds.get(MELANOMA)
        if rule is None:
            return {"melanoma_score": None, "threshold": None, "above_threshold": None}
        score = float(endpoint_score(p, self.metadata.labels, rule.positive, rule.among)[0])
        above = None if rule.threshold is None else score >= rule.threshold
        score = round(score, PROBABILITY_DIGITS)
        return {"melanoma_score": score, "threshold": rule.threshold, "above_threshold": above}

    def _with_heat_map(self, prediction: Prediction, outputs: NetworkOutputs) -> Prediction:
        """Adds the class activation map of melanoma, or of the top class where melanoma is none (Zhou et al., 2016)."""
        if outputs.feature_map is None or self._head is None:
            return prediction
        target = MELANOMA if MELANOMA in self.metadata.labels else prediction.label
        coarse = normalise(outputs.feature_map @ self._head[:, self.metadata.labels.index(target)])
        heat = upsample(coarse, self.metadata.image_size, self.metadata.image_size)
        share, on_frame = frame_share(heat), sits_on_frame(heat)
        return prediction._replace(heat_of=target, heat=heat, frame_share=share, heat_on_frame=on_frame)


def _verified_content(path: Path, metadata: BundleMetadata) -> bytes:
    """The content of a file of the bundle. Raises UserError where it is missing or has another hash."""
    try:
        content = path.read_bytes()
    except OSError:
        raise UserError(f"{path} is not there or cannot be read: make the model again with `{COMMAND}`") from None
    if hashlib.sha256(content).hexdigest() != metadata.files.get(path.name):
        raise UserError(f"{path} does not belong to {path.with_name(METADATA)}: make both again with `{COMMAND}`")
    return content
