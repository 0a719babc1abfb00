"""What the page says in cases that a small model seldom shows: strange pictures, heat on the frame, no melanoma."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import render_template

from app import wording
from app.web.application import create_app
from app.web.disclaimers import disclaimers_for
from app.web.examples import make_examples
from app.web.service import PredictionService
from app.web.view import heat_layer, picture_view
from lesions.rendering.heatmaps import OPACITY


@pytest.fixture(scope="module")
def service(bundle: Path) -> PredictionService:
    return PredictionService(bundle)


def page_of(service: PredictionService, **changes: Any) -> str:
    """The page for the example of a nevus, whose prediction has been changed."""
    content = make_examples()["nevus"].content
    (prediction,) = service.bundle.predict(service.bundle.pixels(content)[None], explain=True)
    view = picture_view("nevus.jpg", content, prediction._replace(**changes), service.metadata)
    with create_app(service).test_request_context("/"):
        html = render_template("index.html", view=view, rows=None, problem="", examples=[])
    return " ".join(html.split())


@pytest.mark.parametrize(
    ("above", "words", "others"),
    [
        (True, wording.ABOVE_THRESHOLD, wording.BELOW_THRESHOLD),
        (False, wording.BELOW_THRESHOLD, wording.ABOVE_THRESHOLD),
    ],
)
def test_either_side_of_the_threshold_has_its_own_sentence(
    service: PredictionService, above: bool, words: str, others: str
) -> None:
    page = page_of(service, above_threshold=above)
    assert f">{words}</h2>" in page
    assert others not in page


def test_a_strange_picture_is_called_so_before_any_score(service: PredictionService) -> None:
    page = page_of(service, unlike_training=True)
    assert page.index(wording.OUT_OF_DISTRIBUTION) < page.index("Scores of all classes")
    assert wording.OUT_OF_DISTRIBUTION not in page_of(service, unlike_training=False)


def test_heat_on_the_frame_is_a_warning(service: PredictionService) -> None:
    assert wording.HEAT_ON_FRAME in page_of(service, heat_on_frame=True)
    assert wording.HEAT_ON_FRAME not in page_of(service, heat_on_frame=False)


def test_a_model_without_melanoma_or_threshold_says_so_and_shows_no_scale(service: PredictionService) -> None:
    nothing = {"melanoma_score": None, "threshold": None, "above_threshold": None}
    assert wording.NO_MELANOMA_CLASS in page_of(service, **nothing)
    assert 'class="gauge"' not in page_of(service, **nothing)
    page = page_of(service, melanoma_score=0.4, threshold=None, above_threshold=None)
    assert wording.NO_THRESHOLD in page
    assert 'class="mark"' not in page


def test_no_class_stands_alone(service: PredictionService) -> None:
    """Where one class is all that fits, how often that is wrong and the scores of the others stand with it."""
    page = page_of(service, conformal_set=("nevus",), not_sure=False)
    assert "only nevus" in page
    assert "in the test the true one was among them" in page
    assert all(each.name in page for each in service.metadata.classes)
    assert wording.EMPTY_CONFORMAL_SET in page_of(service, conformal_set=())


def test_a_network_without_heat_maps_has_no_switch_for_them(service: PredictionService) -> None:
    page = page_of(service, heat=None, heat_of=None, frame_share=None, heat_on_frame=None)
    assert wording.HEAT_MAP not in page


def test_the_layer_is_clear_where_nothing_came_from_and_strongest_at_the_top() -> None:
    heat = np.tile(np.linspace(0, 1, 8, dtype=np.float32), (8, 1))
    layer = heat_layer(heat)
    assert (layer[:, 0, 3] == 0).all()
    assert (np.diff(layer[0, :, 3].astype(int)) >= 0).all()
    assert layer[:, -1].tolist() == [[0xFE, 0xE8, 0x38, int(255 * OPACITY + 0.5)]] * len(layer)


def test_the_sentence_on_source_fits_the_collections(service: PredictionService) -> None:
    """One sentence for every kind of data: drawn, from one collection, from several, from nobody knows where."""
    data = service.metadata.data
    found = []
    for origins, synthetic in (
        ({"synthetic": 9}, True), ({"HAM10000": 9}, False), ({"HAM10000": 9, "MSK": 1}, False), ({"unknown": 9}, False),
    ):  # fmt: skip
        changed = type(data)(**(data.__dict__ | {"origins": origins, "synthetic": synthetic}))
        metadata = type(service.metadata)(**(service.metadata.__dict__ | {"data": changed}))
        found.append(disclaimers_for(metadata).confound)
    assert "drawn" in found[0]
    assert "one collection (HAM10000)" in found[1]
    assert "different collections" in found[2]
    assert found[2] == found[3]
    assert all(sentence.count(".") >= 1 and sentence.endswith(".") for sentence in found)
