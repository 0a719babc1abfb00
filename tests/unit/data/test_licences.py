"""The licence of the pictures is told wherever a reader tells the collection."""

from pathlib import Path

import pandas as pd
import pytest

from lesions.data.licences import LICENCES, NO_LICENCE, licence_names, licence_of
from lesions.data.manifest import SYNTHETIC
from lesions.datasets import READERS, SYNTHETIC_MARK, read_dataset
from lesions.datasets.rows import ORIGINS
from tests.unit.twins import TWINS, lay_out


@pytest.mark.parametrize("layout", TWINS)
def test_every_origin_that_a_reader_gives_has_a_licence(tmp_path: Path, layout: str) -> None:
    """Else the cards say 'not known' of pictures whose publisher has stated it."""
    origins = set(read_dataset(lay_out(tmp_path, TWINS[layout]), "auto")["origin"]) - {""}
    assert {origin for origin in origins if origin not in LICENCES} == set()


def test_so_have_the_collections_known_by_a_lesion_id_and_what_is_drawn() -> None:
    assert set(TWINS) | {"class_folders"} == set(READERS), "a reader without a twin is not tried above"
    assert {*ORIGINS.values(), SYNTHETIC} <= set(LICENCES)


def test_a_drawn_data_set_is_free_whatever_its_layout(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**TWINS["ham10000"], SYNTHETIC_MARK: ""})
    assert {licence_of(origin) for origin in read_dataset(root, "auto")["origin"]} == {str(LICENCES[SYNTHETIC])}


def test_the_data_card_and_the_bundle_agree_for_every_collection() -> None:
    """One line a collection (data card) and all in one sentence (bundle) come from the same table."""
    for origin, licence in LICENCES.items():
        assert licence_of(origin).startswith(licence_names(pd.Series({origin: 5})) + (" (" if licence.note else ""))
    assert licence_of("other") == NO_LICENCE
    assert licence_names(pd.Series({"other": 2, "HAM10000": 3})) == (
        "CC BY-NC 4.0; not known for 2 of 5 pictures: see where they come from"
    )
