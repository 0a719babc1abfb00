"""A trained model in one folder that can be carried to another machine: pixels in, predictions out, no TensorFlow.

    lesions.tflite   the network: pixels to logits, last features and, where they are pooled, the last feature map
    lesions.npz      weights of its last layer, for heat maps; the training pictures (out_of_distribution.py)
    lesions.json     the sidecar (metadata.py)

Starting it takes a fraction of a second, so nothing heavy may be imported here: no pandas, SciPy or scikit-learn.
"""

import hashlib
import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lesions.bundle.litert import LiteRTNetwork, NetworkOutputs
from lesions.bundle.metadata import COMMAND, BundleMetadata, read_metadata
from lesions.bundle.out_of_distribution import FeatureDistribution, distance
from lesions.data.images import Pixels, load_pixels
from lesions.metrics.decisions import PROBABILITY_DIGITS, Calibration, balanced, endpoint_score, in_conformal_set
from lesions.rendering.heatmaps import Heat, frame_share, normalise, sits_on_frame, upsample
from lesions.runtime.console import UserError

NETWORK, ARRAYS, METADATA = "lesions.tflite", "lesions.npz", "lesions.json"
MELANOMA = "melanoma"


class Prediction(NamedTuple):
    """What the model says of one picture. Probabilities follow the class shares of training, rounded to 6 digits.

    melanoma_score: compared with `threshold`; None where melanoma is no class, and above_threshold is None where there
    is no threshold. conformal_set: the classes that it could be, most probable first; maybe none. not_sure: that set is
    not exactly one class, or the picture is unlike the training pictures, by its `distance`.
    heat: (side, side) in [0, 1], where the score of heat_of came from; frame_share of it, 0 to 1, is on the outer
    frame. All None where they were not asked for or there is no feature map.
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
    """A model that is ready to predict, in as many threads as there may be."""

    def __init__(self, about: BundleMetadata, network: bytes, arrays: dict[str, NDArray[np.float32]]) -> None:
        self.about = about
        self._network = LiteRTNetwork(network)
        self._head = arrays.get("head")  # (features, classes)
        self._familiar = FeatureDistribution(arrays["means"], arrays["whitening"])
        correction = np.array([about.prior_correction[label] for label in about.labels])
        self._calibration = Calibration(about.temperature, correction)
        found = about.conformal[about.coverage]
        self._quantiles = np.array([found[label]["quantile"] for label in about.labels])

    @classmethod
    def load(cls, folder: Path) -> "Bundle":
        """The model in a folder. Raises UserError where there is none, or its files do not belong together."""
        about = read_metadata(folder / METADATA)
        network, arrays = (_checked(folder / name, about) for name in (NETWORK, ARRAYS))
        try:
            with np.load(io.BytesIO(arrays), allow_pickle=False) as archive:
                return cls(about, network, dict(archive))
        except (ValueError, KeyError, OSError, RuntimeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise UserError(f"{folder} holds no usable model ({reason}): make it again with `{COMMAND}`") from None

    def pixels(self, source: bytes | Path) -> Pixels:
        """A picture file, or its content, as the network sees it: (image_size, image_size, 3). Raises PictureError."""
        return load_pixels(source, self.about.image_size, self.about.color_constancy)

    def predict(self, pixels: Pixels, explain: bool = False) -> list[Prediction]:
        """What the model says of pictures (n, image_size, image_size, 3), as pixels() gives them.

        The pictures go through the network one by one: a picture gets the same numbers in any company. Raises
        ValueError where the shape is another.
        """
        side = self.about.image_size
        if pixels.shape[1:] != (side, side, 3):
            raise ValueError(f"pixels {pixels.shape[1:]} for a network that takes {(side, side, 3)}")
        return [self._predict(picture, explain) for picture in pixels]

    def _predict(self, picture: Pixels, explain: bool) -> Prediction:
        labels, outputs = self.about.labels, self._network.run(picture)
        p = balanced(outputs.logits[None], self._calibration).round(PROBABILITY_DIGITS)
        order = np.argsort(-p[0], kind="stable")
        inside = in_conformal_set(p, self._quantiles)[0]
        could_be = tuple(labels[index] for index in order if inside[index])
        away = distance(outputs.features, self._familiar)
        unlike = away > self.about.unlike_training.threshold
        said = Prediction(
            label=labels[order[0]],
            probability=float(p[0, order[0]]),
            probabilities=dict(zip(labels, map(float, p[0]), strict=True)),
            **self._melanoma(p),
            conformal_set=could_be,
            not_sure=len(could_be) != 1 or unlike,
            unlike_training=unlike,
            distance=away,
        )
        return self._explained(said, outputs) if explain else said

    def _melanoma(self, p: NDArray[np.float64]) -> dict[str, Any]:
        rule = self.about.thresholds.get(MELANOMA)
        if rule is None:
            return {"melanoma_score": None, "threshold": None, "above_threshold": None}
        score = float(endpoint_score(p, self.about.labels, rule["positive"], rule["among"])[0])
        threshold = rule["threshold"]
        above = None if threshold is None else score >= threshold
        return {"melanoma_score": round(score, PROBABILITY_DIGITS), "threshold": threshold, "above_threshold": above}

    def _explained(self, said: Prediction, outputs: NetworkOutputs) -> Prediction:
        """With the class activation map of melanoma, or of the top class where melanoma is none (Zhou et al., 2016)."""
        if outputs.feature_map is None or self._head is None:
            return said
        target = MELANOMA if MELANOMA in self.about.labels else said.label
        coarse = normalise(outputs.feature_map @ self._head[:, self.about.labels.index(target)])
        found = upsample(coarse, self.about.image_size, self.about.image_size)
        share, on_frame = frame_share(found), sits_on_frame(found)
        return said._replace(heat_of=target, heat=found, frame_share=share, heat_on_frame=on_frame)


def _checked(path: Path, about: BundleMetadata) -> bytes:
    """The content of a file of the bundle. Raises UserError where it is missing or not the sidecar's."""
    try:
        content = path.read_bytes()
    except OSError:
        raise UserError(f"{path} is not there or cannot be read: make the model again with `{COMMAND}`") from None
    if hashlib.sha256(content).hexdigest() != about.files.get(path.name):
        raise UserError(f"{path} does not belong to {path.with_name(METADATA)}: make both again with `{COMMAND}`")
    return content
