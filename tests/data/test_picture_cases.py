"""Picture files as people have them, made by the builders in ../shared/cases: used, or left out for a true reason."""

from pathlib import Path

import pytest

from app.inputs import find_inputs
from lesions.data.images import load_pixels
from lesions.data.manifest import read_excluded, read_manifest
from lesions.data.picture_files import PictureError
from lesions.data.pixels import read_pixels
from lesions.preparation.prepare import prepare
from lesions.runtime.file_names import table_name
from tests.data.cases import make_case
from tests.unit.preparation.test_splits import params

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # of damaged metadata

# case -> number of used pictures, and the files that are left out, each with words of its reason and detail
CASES: dict[str, tuple[int, dict[str, str]]] = {
    "damaged_exif": (24, {}),
    "latin1_picture_name": (16, {}),
    "icon_carriage_return": (16, {"melanoma/Icon\r": "not an image: empty file"}),
    "name_of_255_bytes": (16, {}),
    "heic_avif_jpe": (
        18,
        {
            "melanoma/IMG_0001.HEIC": "unreadable: a HEIC picture, as iPhones take them, which is not read: save a",
            "melanoma/raw.dng": "not an image: no known picture format",
        },
    ),
    "damaged_avif": (
        17,
        {f"melanoma/byte{place}.avif": "unreadable: damaged or incomplete: copy or download it" for place in (81, 82)},
    ),
    "float_tiff": (16, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_every_file_is_used_or_left_out_for_its_reason_by_all_commands_alike(case: str, tmp_path: Path) -> None:
    root, out = make_case(case, tmp_path / "set"), tmp_path / "out"
    out.mkdir()
    (tmp_path / "labels").mkdir()
    prepare(root, tmp_path / "labels", 32, params(), out)
    manifest, excluded = read_manifest(out), read_excluded(out)
    n_used, left_out = CASES[case]
    assert len(manifest) == n_used
    reasons = dict(zip(excluded["source"], excluded["reason"] + ": " + excluded["detail"], strict=True))
    assert {name: reasons[name][: len(text)] for name, text in left_out.items()} == left_out
    assert len(excluded) == len(left_out)
    assert {"melanoma", "nevus"} == set(manifest["label"])
    for path in manifest["path"]:
        assert read_pixels(out / path).std() > 5, f"{path} is nearly black or white"
    assert readable_by_predict(root) == set(manifest["source"])


def readable_by_predict(root: Path) -> set[str]:
    readable = set()
    for file in find_inputs([str(root)], None).files:
        try:
            load_pixels(Path(file.path), 32)
            readable.add(table_name(Path(file.path).relative_to(root).as_posix()))
        except PictureError:
            continue
    return readable
