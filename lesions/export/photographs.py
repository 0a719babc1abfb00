"""Out-of-distribution photographs, of anything but skin lesions: those that ship with scikit-image and scikit-learn.

SciPy's only photograph has to be downloaded and is left out.
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_images

from lesions.data.pixels import PNG_WRITING

SKIMAGE_PHOTOGRAPHS = (  # those that need no download; drawings and single cells are no photographs
    "astronaut", "brick", "camera", "cat", "clock", "coffee", "coins", "grass", "gravel", "hubble_deep_field",
    "immunohistochemistry", "microaneurysms", "moon", "page", "retina", "rocket", "text",
)  # fmt: skip


def photographs() -> dict[str, bytes]:
    """The photographs as PNG files, by name, sorted."""
    arrays = {name: getattr(data, name)() for name in SKIMAGE_PHOTOGRAPHS}
    arrays["motorcycle"] = data.stereo_motorcycle()[0]
    samples = load_sample_images()
    arrays |= {Path(name).stem: pixels for name, pixels in zip(samples.filenames, samples.images, strict=True)}
    return {name: _png(pixels) for name, pixels in sorted(arrays.items())}


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **PNG_WRITING)
    return file.getvalue()
