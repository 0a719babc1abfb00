"""Example pictures of the page: drawn by a program when it starts, so that no photograph of a patient is shipped."""

import hashlib
import io
from typing import NamedTuple

from PIL import Image

from lesions.demo.draw import draw

JPEG_QUALITY = 90
EXAMPLE_CLASSES = {  # slug in the picture's URL: the class that it is drawn as, a name of lesions.demo.draw
    "melanoma": "melanoma",
    "nevus": "nevus",
    "basal-cell-carcinoma": "basal cell carcinoma",
    "pigmented-benign-keratosis": "pigmented benign keratosis",
    "dermatofibroma": "dermatofibroma",
    "vascular-lesion": "vascular lesion",
}


class Example(NamedTuple):
    """One picture: its slug in the URL, the class that it is drawn as, its JPEG file, and the SHA-256 of that file."""

    slug: str
    drawn_as: str
    content: bytes
    sha256: str


def make_examples() -> dict[str, Example]:
    """The example pictures by slug, the same bytes every time."""
    return {slug: _example(slug, name) for slug, name in EXAMPLE_CLASSES.items()}


def _example(slug: str, name: str) -> Example:
    buffer = io.BytesIO()
    Image.fromarray(draw(name, f"example:{slug}")).save(buffer, "JPEG", quality=JPEG_QUALITY)
    content = buffer.getvalue()
    return Example(slug, name, content, hashlib.sha256(content).hexdigest())
