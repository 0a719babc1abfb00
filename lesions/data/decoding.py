"""Decoding of a picture file to an upright RGB image, by Pillow alone; whatever a decoder raises becomes one reason."""

import io
import warnings
from pathlib import Path

from PIL import (  # the plugins here: Pillow otherwise imports all it has, for formats that are not decoded
    AvifImagePlugin,  # noqa: F401
    Image,
    ImageFile,
    Jpeg2KImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from lesions.data.picture_files import PictureError, read_file
from lesions.data.picture_formats import FORMATS, RAW, advice_on, begins_as_decoded
from lesions.data.picture_metadata import SIDES_SWAPPED, TURNS, is_thumbnail, orientation_of, without_metadata
from lesions.data.pixel_scale import to_rgb

MAX_PIXELS = 100_000_000  # more is a decompression bomb, not a photograph; dermatoscopes deliver under 30 million
# A JPEG may be decoded at a smaller scale, but not below twice the largest image_size: which pictures count as the
# same must not depend on image_size.
DRAFT_SIDE = 1024  # pixels
TOO_MANY_PIXELS = f"more than {MAX_PIXELS:,} pixels"
DAMAGED = "damaged or incomplete: copy or download it again"
UNUSUAL = "damaged, or of a kind that is not read: copy it again, or save it as JPEG or PNG"

Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow warns above this, and refuses above twice as many
# Here and not around each picture, because threads share the filters
warnings.filterwarnings("ignore", module="PIL")  # of metadata, and of sizes that are checked here
ImageFile.LOAD_TRUNCATED_IMAGES = False


def decode(source: str | Path | bytes) -> tuple[Image.Image, tuple[int, int]]:
    """The upright RGB picture, at no less than DRAFT_SIDE where the JPEG decoder can save work, and its full size.

    Damaged metadata costs nothing but itself. Raises PictureError where the file cannot be read, is no picture, is too
    large to be one, or shows nothing.
    """
    content = source if isinstance(source, bytes) else read_file(Path(source))
    try:
        return _upright(content)
    except PictureError:
        raise
    except BaseException as error:  # decoders raise what they like, those in Rust not even Exceptions
        refusal = _refusal(error, content)
    try:
        bare, exif = without_metadata(content)
        if bare != content:
            return _upright(bare, exif)
    except PictureError:
        raise
    except BaseException as error:
        _refusal(error, content)
    raise refusal


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height (pixels) as the file has them, without decoding it. Raises PictureError as decode() does."""
    refusal = PictureError("unreadable", DAMAGED)
    for part in (lambda: content, lambda: without_metadata(content)[0]):
        try:
            with Image.open(io.BytesIO(part()), formats=FORMATS) as image:
                return image.size
        except BaseException as error:
            refusal = _refusal(error, content)
    raise refusal


def _upright(content: bytes, exif: bytes | None = None) -> tuple[Image.Image, tuple[int, int]]:
    """exif: the EXIF block where `content` is without it."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if is_thumbnail(image):
            raise PictureError("unreadable", RAW)
        full = image.size
        image.draft("RGB", (DRAFT_SIDE, DRAFT_SIDE))
        rgb = to_rgb(image, content)
        orientation = orientation_of(image if exif is None else exif)
    size = (full[1], full[0]) if orientation in SIDES_SWAPPED else full
    return rgb.transpose(TURNS[orientation]) if orientation in TURNS else rgb, size


def _refusal(error: BaseException, content: bytes) -> PictureError:
    """Why a file gives no picture, in one line of plain words."""
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
        raise error
    if not content:
        return PictureError("not an image", "empty file")
    if isinstance(error, Image.DecompressionBombError):
        return PictureError("unreadable", TOO_MANY_PIXELS)
    if isinstance(error, MemoryError):
        return PictureError("unreadable", "not enough memory to decode it")
    if isinstance(error, UnidentifiedImageError):
        if known := advice_on(content):
            return PictureError(*known)
        if not begins_as_decoded(content):
            return PictureError("not an image", "no known picture format inside")
        return PictureError("unreadable", UNUSUAL)
    return PictureError("unreadable", DAMAGED)  # what the decoder says of it helps nobody: "could not create object"
