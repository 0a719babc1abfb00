"""The view of a prediction on the page: bars, remarks, the heat map as a layer, a small copy of the picture."""

import base64
import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app import wording
from lesions.bundle.bundle import Prediction
from lesions.data.images import load_view
from lesions.data.results.bundle import BundleMetadata
from lesions.rendering import heatmaps

PREVIEW_SIDE = 384  # pixels
PREVIEW_QUALITY = 85
HEAT_SIDE = 96  # pixels; the browser enlarges it smoothly


class ClassBar(NamedTuple):
    """One class: its display name, its score in [0, 1], and whether the conformal set contains it."""

    name: str
    score: float
    in_conformal_set: bool


class PictureView(NamedTuple):
    """The page's view of one prediction; `preview` and `heat` are data URIs, width and height are pixels."""

    name: str
    verdict: str
    above_threshold: bool
    score: float | None
    threshold: float | None
    out_of_distribution: str
    not_sure: str
    conformal_set: str
    bars: list[ClassBar]
    preview: str
    width: int
    height: int
    heat: str
    heat_of: str
    heat_on_frame: str


def picture_view(name: str, content: bytes, prediction: Prediction, metadata: BundleMetadata) -> PictureView:
    """The view of a picture and its prediction, with the classes from the highest score down."""
    preview = Image.fromarray(load_view(content, PREVIEW_SIDE))
    ranked = sorted(prediction.probabilities.items(), key=lambda item: -item[1])
    return PictureView(
        name=name,
        verdict=wording.melanoma_text(prediction),
        above_threshold=bool(prediction.above_threshold),
        score=prediction.melanoma_score,
        threshold=prediction.threshold,
        out_of_distribution=(
            f"{wording.OUT_OF_DISTRIBUTION}: its scores mean nothing" if prediction.unlike_training else ""
        ),
        not_sure=wording.NOT_SURE if prediction.not_sure else "",
        conformal_set=wording.conformal_set_text(prediction, metadata),
        bars=[ClassBar(metadata.name(label), score, label in prediction.conformal_set) for label, score in ranked],
        preview=_uri(preview, "jpeg", quality=PREVIEW_QUALITY),
        width=preview.width,
        height=preview.height,
        heat="" if prediction.heat is None else _uri(Image.fromarray(heat_layer(prediction.heat)), "png"),
        heat_of=metadata.name(prediction.heat_of) if prediction.heat_of else "",
        heat_on_frame=(
            f"{wording.HEAT_ON_FRAME}: the score may be about how the picture was taken"
            if prediction.heat_on_frame
            else ""
        ),
    )


def heat_layer(heat: heatmaps.Heat) -> NDArray[np.uint8]:
    """(HEAT_SIDE, HEAT_SIDE, 4) RGBA: colour and opacity both rise with the heat, as in heatmaps.overlay()."""
    upsampled = heatmaps.upsample(heat, HEAT_SIDE, HEAT_SIDE)
    layer = np.concatenate([heatmaps.colour(upsampled), 255 * heatmaps.OPACITY * upsampled[..., None]], axis=2)
    return (layer + 0.5).astype(np.uint8)


def _uri(image: Image.Image, kind: str, **options: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
