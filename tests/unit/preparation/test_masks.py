"""Masks beside photographs: they go out as masks, and never cost the photograph."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lesions.datasets import read_layout
from lesions.datasets.folder_names import mask_of
from lesions.preparation.masks import exclude_masks, has_two_levels
from lesions.preparation.official_labels import check_labels, read_official_labels
from lesions.preparation.prepare import decode_all
from lesions.runtime.console import UserError
from tests.conftest import random_pixels

IDS = ("IMD003", "IMD004")
TABLE = "image_id,dx\nIMD003,nv\nIMD004,mel\n"


def mask(seed: int, low: int = 0, high: int = 255) -> Image.Image:
    """A disc on an even ground."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:80, :100]
    inside = (y - rng.uniform(20, 60)) ** 2 + (x - rng.uniform(30, 70)) ** 2 < rng.uniform(10, 25) ** 2
    return Image.fromarray(np.where(inside, high, low).astype(np.uint8))


def photograph(seed: int) -> Image.Image:
    return Image.fromarray(random_pixels(seed, 80, 100))


def lay_out(root: Path, files: dict[str, Image.Image], table: str = TABLE) -> Path:
    for name, picture in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(root / name)
    if table:
        (root / "table.csv").write_text(table)
    return root


def left_out(root: Path, tmp_path: Path) -> dict[str, str]:
    """The masks, with what told them."""
    (tmp_path / "labels").mkdir()
    (tmp_path / "prepared").mkdir()
    raw = check_labels(read_layout(root, "auto").table, read_official_labels(tmp_path / "labels")).table
    pictures = exclude_masks(decode_all(raw, root, tmp_path / "prepared", 32, 16), root)
    out = pictures[pictures["reason"] == "mask"]
    return dict(zip(out["source"], out["detail"], strict=True))


@pytest.mark.parametrize(
    "name", ["{}_segmentation.png", "{}_lesion.bmp", "{}_roi1.png", "{}_attribute_globules.png", "{}_superpixels.png",
             "masks/{}.png", "ISIC2018_Task1_Training_GroundTruth/{}_segmentation.png", "other/{}.png", "{}.png"],
)  # fmt: skip
def test_a_mask_beside_its_photograph_is_left_out(tmp_path: Path, name: str) -> None:
    """By its name, its folder or its pixels: else it is a copy or a picture of the class."""
    name = name.replace("roi1", "roi")
    files = {f"pictures/{identifier}.jpg": photograph(seed) for seed, identifier in enumerate(IDS)}
    masks = {
        f"pictures/{name.format(identifier)}" if "/" not in name else name.format(identifier): mask(seed)
        for seed, identifier in enumerate(IDS)
    }
    told = left_out(lay_out(tmp_path / "set", files | masks), tmp_path)
    assert set(told) == set(masks)
    assert all(told[source].endswith(f"{Path(source).stem[:6]}.jpg") for source in masks)


def test_masks_in_class_folders_are_left_out_and_repeated_stems_are_not(tmp_path: Path) -> None:
    files = {
        f"{label}/patient{n}/photo.jpg": photograph(10 * n + len(label)) for label in ("mel", "nv") for n in (1, 2)
    }
    masks = {"mel/patient1/photo_mask.png": mask(1), "nv/masks/photo.png": mask(2), "nv/patient2/photo.png": mask(3)}
    assert set(left_out(lay_out(tmp_path / "set", files | masks, table=""), tmp_path)) == set(masks)


def test_a_name_that_ends_like_a_mask_is_none_without_its_photograph(tmp_path: Path) -> None:
    files = {
        f"{label}/photo_lesion_{n}_lesion.jpg": photograph(n + len(label)) for label in ("mel", "nv") for n in (1, 2)
    }
    assert left_out(lay_out(tmp_path / "set", files, table=""), tmp_path) == {}


def test_an_id_that_fits_two_different_pictures_is_told_with_both(tmp_path: Path) -> None:
    files = {"a/IMD003.jpg": photograph(1), "b/IMD003.jpg": photograph(2), "IMD004.jpg": photograph(3)}
    with pytest.raises(UserError, match=r"1 ids .*IMD003 fits a/IMD003.jpg and b/IMD003.jpg; keep one") as error:
        left_out(lay_out(tmp_path / "set", files), tmp_path)
    assert "\n" not in str(error.value)


def test_one_id_in_two_joined_sets_is_no_ambiguity(tmp_path: Path) -> None:
    """The `1` of one clinic is not that of another."""
    lay_out(tmp_path / "set" / "a", {f"{identifier}.jpg": photograph(n) for n, identifier in enumerate(IDS)})
    files = {f"{identifier}.jpg": photograph(n + 5) for n, identifier in enumerate(IDS)}
    lay_out(tmp_path / "set" / "b", files, TABLE.replace("image_id,dx", "isic_id,diagnosis"))
    assert left_out(tmp_path / "set", tmp_path) == {}


def test_a_recompressed_or_smaller_copy_of_an_id_is_no_second_picture(tmp_path: Path) -> None:
    files = {"a/IMD003.png": photograph(1), "b/IMD003.jpg": photograph(1), "IMD004.jpg": photograph(3)}
    files["c/IMD003.jpg"] = photograph(1).resize((50, 40))
    assert left_out(lay_out(tmp_path / "set", files), tmp_path) == {}


@pytest.mark.parametrize("levels", [(0, 255), (255, 0), (30, 220)])
@pytest.mark.parametrize("saved", [(".png", "L"), (".png", "RGB"), (".png", "1"), (".bmp", "P"), (".jpg", "L")])
@pytest.mark.parametrize("width", [100, 900])
def test_two_levels_are_seen_however_a_mask_is_saved(
    tmp_path: Path, levels: tuple[int, int], saved: tuple[str, str], width: int
) -> None:
    path = tmp_path / f"mask{saved[0]}"
    drawn = mask(width, *levels)
    drawn.resize((width, 4 * width // 5), Image.Resampling.NEAREST).convert(saved[1]).save(path)
    assert has_two_levels(path)


def test_a_mask_made_smaller_with_blurred_borders_has_two_levels(tmp_path: Path) -> None:
    mask(1).resize((900, 720), Image.Resampling.NEAREST).resize((300, 240), Image.Resampling.LANCZOS).save(
        tmp_path / "m.png"
    )
    assert has_two_levels(tmp_path / "m.png")


@pytest.mark.parametrize("seed", range(3))
def test_no_photograph_has_two_levels(tmp_path: Path, seed: int) -> None:
    """Nor a grey one, nor a small dark spot on even skin."""
    y, x = np.mgrid[:80, :100]
    spot = np.clip(30 + 30 * np.hypot(y - 40, x - 50), 0, 220) + np.random.default_rng(seed).normal(0, 2, (80, 100))
    grey = photograph(seed).convert("L")
    for picture in (photograph(seed), grey, grey.point(lambda v: 100 + v // 8), Image.fromarray(spot.astype(np.uint8))):
        picture.save(tmp_path / "photograph.png")
        assert not has_two_levels(tmp_path / "photograph.png")


def test_only_the_suffixes_of_masks_are_taken_for_them() -> None:
    assert mask_of("ISIC_0000003_attribute_pigment_network") == mask_of("ISIC_0000003_superpixels") == "ISIC_0000003"
    assert mask_of("ISIC_0000003") == mask_of("lesion") == mask_of("masked") == ""
