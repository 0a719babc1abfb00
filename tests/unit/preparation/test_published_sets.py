"""Published data sets with drawn pictures, from the folder as it is downloaded to the two tables of the contract."""

import io
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lesions.data.manifest import read_excluded, read_manifest
from lesions.preparation.audit_findings import audit_prepared, sections
from lesions.preparation.prepare import prepare
from tests.conftest import random_pixels
from tests.unit.preparation.test_splits import params

N = 12  # pictures, half of them melanoma
IDS = [f"ISIC_{number:07}" for number in range(N)]


def draw(path: Path, seed: int, side: int = 48) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(random_pixels(seed, side, side)).save(path)


def draw_mask(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    y, x = np.mgrid[:48, :48]
    Image.fromarray((np.hypot(y - 20 - seed, x - 24) < 12).astype(np.uint8) * 255).save(path)


def ph2(root: Path) -> None:
    rows = []
    for number in range(N):
        name, folder = f"IMD{number:03}", root / "PH2Dataset" / "PH2 Dataset images" / f"IMD{number:03}"
        draw(folder / f"{name}_Dermoscopic_Image" / f"{name}.bmp", 300 + number)
        draw_mask(folder / f"{name}_lesion" / f"{name}_lesion.bmp", number)
        draw_mask(folder / f"{name}_roi" / f"{name}_R1_Label.bmp", number)
        rows.append(f"|| {name} ||          || {2 * (number % 2)} || 0 ||")
    header = "||   Name || Histological Diagnosis || Clinical Diagnosis || Asymmetry ||"
    (root / "PH2Dataset" / "PH2_dataset.txt").write_text("\n".join([header, *rows, "", "Legends for Asymmetry:"]))


def isic2017(root: Path) -> None:
    rows = ["image_id,melanoma,seborrheic_keratosis,,"]
    for number, name in enumerate(IDS):
        draw(root / "ISIC-2017_Training_Data" / f"{name}.jpg", number)
        draw(root / "ISIC-2017_Training_Data" / f"{name}_superpixels.png", 1000 + number)  # coloured as photographs are
        rows.append(f"{name},{number % 2}.0,0.0,,")
    (root / "ISIC-2017_Training_Part3_GroundTruth.csv").write_text("\n".join(rows))


def milk10k(root: Path) -> None:
    codes = "AKIEC,BCC,BEN_OTH,BKL,DF,INF,MAL_OTH,MEL,NV,SCCKA,VASC"
    truth, pictures = [f"lesion_id,{codes}"], ["lesion_id,image_type,isic_id,skin_tone_class"]
    for number, name in enumerate(IDS):
        lesion = f"IL_{number}"
        truth.append(f"{lesion},0,0,0,0,0,0,0,{number % 2},{1 - number % 2},0,0")
        for image_type, isic_id in (("dermoscopic", name), ("clinical: close-up", f"ISIC_1{name[6:]}")):
            pictures.append(f"{lesion},{image_type},{isic_id},{number % 6}.0")
            draw(
                root / "MILK10k_Training_Input" / lesion / f"{isic_id}.jpg",
                number + (500 if image_type == "dermoscopic" else 0),
            )
    (root / "MILK10k_Training_GroundTruth.csv").write_text("\n".join(truth))
    (root / "MILK10k_Training_Metadata.csv").write_text("\n".join(pictures))


def isic2024(root: Path) -> None:
    rows = ["isic_id,target,patient_id,iddx_full,iddx_2,iddx_3,tbp_tile_type"]
    with h5py.File(root / "train-image.hdf5", "w") as container:
        for number, name in enumerate(IDS):
            content = io.BytesIO()
            Image.fromarray(random_pixels(number, 48, 48)).save(content, "JPEG")
            container[name] = np.void(content.getvalue() if number else content.getvalue()[:99])
            rows.append(f"{name},{number % 2},IP_{number},x,,{'Melanoma Invasive' if number % 2 else ''},3D")
    (root / "train-metadata.csv").write_text("\n".join(rows))


SETS: dict[Callable[[Path], None], tuple[dict[str, int], str]] = {  # pictures by fate, and the modality of those used
    ph2: ({"": N, "mask": 2 * N}, "dermoscopy"),
    isic2017: ({"": N, "mask": N}, "dermoscopy"),
    milk10k: ({"": N, "other modality": N}, "dermoscopy"),
    isic2024: ({"": N - 1, "unreadable": 1}, "total_body"),
}


@pytest.mark.parametrize("lay_out", SETS, ids=lambda lay_out: lay_out.__name__)
def test_every_picture_as_published_is_in_one_of_the_two_tables(
    lay_out: Callable[[Path], None], tmp_path: Path
) -> None:
    """Masks, photographs of another kind and damaged pictures included; each with its reason."""
    fates, modality = SETS[lay_out]
    root, labels, folder = (tmp_path / name for name in ("set", "labels", "prepared"))
    for path in (root, labels, folder):
        path.mkdir()
    lay_out(root)
    prepare(root, labels, 32, params(min_class_groups=3), folder)
    manifest, excluded = read_manifest(folder), read_excluded(folder)
    reasons = pd.concat([excluded["reason"], pd.Series("", index=manifest.index)]).value_counts().to_dict()
    assert reasons == fates
    assert set(manifest["modality"]) == {modality}
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.suffix in (".bmp", ".jpg", ".png")}
    contained = {f"train-image.hdf5/{name}" for name in IDS} if (root / "train-image.hdf5").exists() else set()
    sources = [*manifest["source"], *excluded["source"]]
    assert sorted(sources) == sorted(files | contained)
    assert {len(list((folder / split).rglob("*.png"))) > 0 for split in ("train", "val", "test")} == {True}


def test_both_pictures_of_a_lesion_of_milk10k_share_a_split_where_they_are_mixed(tmp_path: Path) -> None:
    root, labels, folder = (tmp_path / name for name in ("set", "labels", "prepared"))
    for path in (root, labels, folder):
        path.mkdir()
    milk10k(root)
    prepare(root, labels, 32, params(min_class_groups=3, modality="all"), folder)
    manifest = read_manifest(folder)
    lesion = manifest["source"].str.extract(r"/(IL_\d+)/", expand=False)
    assert len(manifest) == 2 * N
    assert (manifest.groupby(lesion)["split"].nunique() == 1).all()
    assert (manifest.groupby(lesion)["modality"].nunique() == 2).all()
    assert manifest["skin_type"].str.fullmatch(r"MILK10k tone [0-5]").all()


def test_sets_side_by_side_are_prepared_as_one_and_the_audit_tells_what_they_share(tmp_path: Path) -> None:
    root, labels, folder = (tmp_path / name for name in ("set", "labels", "prepared"))
    for path in (root / "ph2", root / "isic2017", root / "nine", labels, folder):
        path.mkdir(parents=True)
    ph2(root / "ph2")
    isic2017(root / "isic2017")
    for number, name in enumerate(IDS[:4]):  # smaller copies, and one label that the table excludes
        draw(root / "nine" / ("melanoma" if number % 2 or not number else "nevus") / f"{name}.png", number, side=40)
    prepared = prepare(root, labels, 32, params(min_class_groups=3, label_conflicts="official"), folder)
    assert set(prepared.used["source"].str.split("/").str[0]) == {"ph2", "isic2017"}
    nine = prepared.pictures[prepared.pictures["dataset"] == "nine"].set_index("isic_id")
    assert nine["reason"].to_dict() == {
        IDS[0]: "label conflict", **dict.fromkeys(IDS[1:4], "in another data set too"),
    }  # fmt: skip
    page = {section.title: section for section in sections(audit_prepared(prepared, folder), prepared, root)}
    (shared,) = page["What the data sets share"].tables
    assert [row for row in shared.rows if row[0] == "isic2017 and nine"] == [["isic2017 and nine", "4", "0", "0"]]
