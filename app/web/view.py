"""From a prediction to what a page shows: bars, remarks, the heat map as a layer, a small copy of the picture."""

import base64
import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app import wording
from lesions.bundle.bundle import Prediction
from lesions.bundle.metadata import BundleMetadata
from lesions.data.images import load_view
from lesions.rendering import heatmaps

PREVIEW_SIDE = 384  # pixels
PREVIEW_QUALITY = 85
HEAT_SIDE = 96  # pixels; the browser enlarges it smoothly


class ClassBar(NamedTuple):
    """One class: the name for people, its score in [0, 1], and whether it is one of those that it could be."""

    name: str
    score: float
    possible: bool


class PictureView(NamedTuple):
    """All that the page shows of one answered picture; `preview` and `heat` are data URIs, sizes are pixels."""

    name: str
    verdict: str
    above: bool
    score: float | None
    threshold: float | None
    unlike: str
    not_sure: str
    could_be: str
    bars: list[ClassBar]
    preview: str
    width: int
    height: int
    heat: str
    heat_of: str
    on_frame: str


def picture_view(name: str, content: bytes, said: Prediction, about: BundleMetadata) -> PictureView:
    """What the page shows of a picture that has been answered, with the classes from the highest score down."""
    preview = Image.fromarray(load_view(content, PREVIEW_SIDE))
    ranked = sorted(said.probabilities.items(), key=lambda item: -item[1])
    return PictureView(
        name=name,
        verdict=wording.about_melanoma(said),
        above=bool(said.above_threshold),
        score=said.melanoma_score,
        threshold=said.threshold,
        unlike=f"{wording.UNLIKE}: its scores mean nothing" if said.unlike_training else "",
        not_sure=wording.NOT_SURE if said.not_sure else "",
        could_be=wording.about_set(said, about),
        bars=[ClassBar(about.name(label), score, label in said.conformal_set) for label, score in ranked],
        preview=_uri(preview, "jpeg", quality=PREVIEW_QUALITY),
        width=preview.width,
        height=preview.height,
        heat="" if said.heat is None else _uri(Image.fromarray(heat_layer(said.heat)), "png"),
        heat_of=about.name(said.heat_of) if said.heat_of else "",
        on_frame=f"{wording.ON_FRAME}: the score may be about how the picture was taken" if said.heat_on_frame else "",
    )


def heat_layer(found: heatmaps.Heat) -> NDArray[np.uint8]:
    """(HEAT_SIDE, HEAT_SIDE, 4) RGBA: colour and opacity both rise with the heat, as in heatmaps.overlay()."""
    fitted = heatmaps.upsample(found, HEAT_SIDE, HEAT_SIDE)
    layer = np.concatenate([heatmaps.colour(fitted), 255 * heatmaps.OPACITY * fitted[..., None]], axis=2)
    return (layer + 0.5).astype(np.uint8)


def _uri(image: Image.Image, kind: str, **options: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
