"""The exported model: the numbers of the Keras model, in any company and thread; clear words when it is damaged."""

import json
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from lesions import __version__
from lesions.bundle.bundle import ARRAYS, METADATA, NETWORK, Bundle
from lesions.bundle.litert import LiteRTNetwork
from lesions.data.picture_files import PictureError
from lesions.evaluation import grad_cam
from lesions.export import export
from lesions.metrics import conformal
from lesions.models.backend import keras
from lesions.models.networks import LOGITS, POOL
from lesions.models.predict import predict
from lesions.runtime.console import UserError
from tests.unit.bundles import Exported, exported
from tests.unit.held_out import CLASSES
from tests.unit.training_pictures import SIDE


@pytest.fixture(params=["pooled", "flat"])
def made(request: pytest.FixtureRequest) -> Exported:
    one: Exported = request.getfixturevalue(request.param)
    return one


def test_it_says_what_evaluate_found(made: Exported) -> None:
    found = export.parity(made.bundle, made.predictions, made.outputs)
    assert found.n == len(made.predictions)
    assert found.max_abs_difference < 1e-4
    assert found.n_label_changes == 0
    assert made.predictions["p_melanoma"].std() > 0.2, "a network that says the same of all pictures proves nothing"


def test_a_network_that_says_something_else_is_not_exported(made: Exported) -> None:
    other = made.predictions.copy()
    other.loc[7, ["p_melanoma", "p_nevus"]] += [2e-4, -2e-4]
    with pytest.raises(UserError, match=r"differs .* by up to 0\.0002"):
        export.parity(made.bundle, other, made.outputs)
    fewer = made.predictions.drop(columns="p_nevus")
    with pytest.raises(UserError, match="other classes"):
        export.parity(made.bundle, fewer, made.outputs)


def test_what_is_decided_is_decided_as_evaluate_decides(made: Exported) -> None:
    """Thresholds and sets on the same probabilities, with the same rounding: no picture changes sides."""
    bundle, table = made.bundle, made.predictions
    found = bundle.predict(made.pixels)
    quantiles = bundle.metadata.conformal[bundle.metadata.coverage]
    expected = conformal.conformal_sets(table, CLASSES, quantiles)
    limits = np.array([1 - quantiles[label].quantile for label in CLASSES])
    near = np.abs(table[[f"p_{label}" for label in CLASSES]].to_numpy() - limits) < 1e-5
    threshold = bundle.metadata.thresholds["melanoma"].threshold
    assert threshold is not None
    for place, prediction in enumerate(found):
        if not near[place].any():
            assert {*prediction.conformal_set} == {
                c for c, inside in zip(CLASSES, expected[place], strict=True) if inside
            }
        assert prediction.melanoma_score == pytest.approx(table["p_melanoma"][place], abs=1e-4)
        assert prediction.above_threshold == (
            prediction.melanoma_score is not None and prediction.melanoma_score >= threshold
        )
        assert prediction.not_sure == (len(prediction.conformal_set) != 1 or prediction.unlike_training)
        assert prediction.label == max(prediction.probabilities, key=lambda label: prediction.probabilities[label])


def test_the_same_weights_give_the_same_bytes(made: Exported, tmp_path: Path) -> None:
    export.write_network(made.model, tmp_path / NETWORK)
    assert (tmp_path / NETWORK).read_bytes() == (made.folder / NETWORK).read_bytes()


def test_no_python_packs_the_arrays_otherwise(made: Exported) -> None:
    with zipfile.ZipFile(made.folder / ARRAYS) as archive:
        assert {item.extract_version for item in archive.infolist()} == {20}, "ZIP64 headers, which come and go"


def test_the_feature_map_and_the_head_make_the_logits(pooled: Exported) -> None:
    """Otherwise the heat map would not show where the score came from."""
    network = LiteRTNetwork((pooled.folder / NETWORK).read_bytes())
    head = np.load(pooled.folder / ARRAYS)["head"]
    bias = pooled.model.get_layer(LOGITS).bias.numpy()
    outputs = network.run(pooled.pixels[0])
    assert outputs.feature_map is not None
    assert np.allclose(outputs.feature_map.mean(axis=(0, 1)), outputs.features, atol=1e-5)
    assert np.allclose((outputs.feature_map @ head).mean(axis=(0, 1)) + bias, outputs.logits, atol=1e-4)
    assert np.allclose(outputs.logits, predict(pooled.model, pooled.pixels[:1]).logits[0], atol=1e-4)


def test_heat_is_asked_for_and_only_of_networks_that_have_it(pooled: Exported, flat: Exported) -> None:
    (bare,) = pooled.bundle.predict(pooled.pixels[:1])
    assert bare.heat is None
    (prediction,) = pooled.bundle.predict(pooled.pixels[:1], explain=True)
    assert prediction.heat is not None
    assert prediction.heat.shape == (SIDE, SIDE)
    assert prediction.heat_of == "melanoma"
    assert prediction[: bare._fields.index("heat_of")] == bare[: bare._fields.index("heat_of")], (
        "an explanation changed it"
    )
    (prediction,) = flat.bundle.predict(flat.pixels[:1], explain=True)
    assert (prediction.heat, prediction.frame_share, prediction.heat_on_frame) == (None, None, None)
    assert not flat.bundle.metadata.pooled
    assert flat.bundle.metadata.heat_maps.startswith("none")


def test_the_heat_is_that_of_the_report(pooled: Exported) -> None:
    """Two ways to one map: by gradients in Keras, and by the exported feature map and the last layer's weights."""
    melanoma = np.full(len(pooled.pixels), CLASSES.index("melanoma"))
    raw = grad_cam.grad_cam(pooled.model, pooled.pixels, melanoma)
    expected = grad_cam.heat_maps(raw, *pooled.pixels.shape[1:3])
    found = [prediction.heat for prediction in pooled.bundle.predict(pooled.pixels, explain=True)]
    assert np.abs(np.stack([one for one in found if one is not None]) - expected).max() < 1e-3
    assert expected.max() == pytest.approx(1, abs=0.2), "there is no heat to compare"


def test_a_picture_gets_the_same_numbers_in_any_company_and_thread(made: Exported) -> None:
    bundle = made.bundle
    together = bundle.predict(made.pixels)
    with ThreadPoolExecutor(8) as pool:
        alone = list(pool.map(lambda picture: bundle.predict(picture[None])[0], made.pixels))
    assert together == alone


def test_pixels_of_another_size_are_refused(made: Exported) -> None:
    with pytest.raises(ValueError, match=str(SIDE)):
        made.bundle.predict(made.pixels[:, : SIDE // 2])
    assert made.bundle.predict(made.pixels[:0]) == []


def test_pictures_are_read_as_prepare_reads_them(made: Exported) -> None:
    path = made.prepared / made.paths.iloc[0]
    assert np.array_equal(made.bundle.pixels(path), made.pixels[0])
    assert np.array_equal(made.bundle.pixels(path.read_bytes()), made.pixels[0])
    with pytest.raises(PictureError, match="not an image"):
        made.bundle.pixels(b"GET / HTTP/1.1")


def test_the_metadata_say_what_the_model_is(pooled: Exported, flat: Exported) -> None:
    metadata = pooled.bundle.metadata
    assert metadata.labels == CLASSES
    assert [(item.n_train, item.n_val, item.n_test) for item in metadata.classes] == [(12, 15, 12)] * 3
    assert metadata.data.synthetic
    assert metadata.data.licence == "CC0 1.0"
    assert not flat.bundle.metadata.data.synthetic
    assert flat.bundle.metadata.data.licence == "CC BY-NC 4.0"
    assert metadata.version != flat.bundle.metadata.version
    assert metadata.lesions_version == __version__
    missed, test = metadata.missed_melanomas, pooled.predictions[pooled.predictions["split"] == "test"]
    melanomas = test[test["label"] == "melanoma"]
    assert missed is not None
    assert missed.n == len(melanomas)
    assert missed.n_missed == (melanomas["p_melanoma"] < metadata.thresholds["melanoma"].threshold).sum()
    assert 0 <= missed.low <= missed.n_missed / missed.n <= missed.high <= 1


def test_a_model_without_melanoma_says_nothing_on_it(tmp_path: Path) -> None:
    bundle = exported(tmp_path, "isic_cnn", ["dermatofibroma", "nevus", "my_own"]).bundle
    (prediction,) = bundle.predict(np.zeros((1, SIDE, SIDE, 3), np.uint8))
    assert (prediction.melanoma_score, prediction.above_threshold, prediction.threshold) == (None, None, None)
    assert bundle.metadata.missed_melanomas is None
    assert bundle.metadata.name("my_own") == "my own"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("no folder", "there is no model in .*`dvc repro export`"),
        ("network of another model", r"lesions\.tflite does not belong to"),
        ("no network", r"lesions\.tflite is not there"),
        ("arrays cut", r"lesions\.npz does not belong to"),
        ("sidecar cut", r"lesions\.json cannot be read"),
        ("sidecar of another version", "another version"),
        ("key missing", "another version"),
        ("no model at all", "holds no usable model"),
    ],
)
def test_files_that_do_not_fit_are_told_with_the_command_that_makes_them(
    damage: str, words: str, pooled: Exported, flat: Exported, tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(pooled.folder, folder)
    metadata_file = json.loads((folder / METADATA).read_text())
    if damage == "no folder":
        shutil.rmtree(folder)
    elif damage == "network of another model":
        shutil.copyfile(flat.folder / NETWORK, folder / NETWORK)
    elif damage == "no network":
        (folder / NETWORK).unlink()
    elif damage == "arrays cut":
        (folder / ARRAYS).write_bytes((folder / ARRAYS).read_bytes()[:-1])
    elif damage == "sidecar cut":
        (folder / METADATA).write_text((folder / METADATA).read_text()[:-100])
    elif damage == "sidecar of another version":
        (folder / METADATA).write_text(json.dumps(metadata_file | {"format": 0}))
    elif damage == "key missing":
        del metadata_file["temperature"]
        (folder / METADATA).write_text(json.dumps(metadata_file))
    elif damage == "no model at all":
        (folder / NETWORK).write_text("text")
        metadata_file["files"][NETWORK] = export.sha256_of(folder / NETWORK)
        (folder / METADATA).write_text(json.dumps(metadata_file))
    with pytest.raises(UserError, match=words) as caught:
        Bundle.load(folder)
    assert "dvc repro export" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_networks_of_keras_applications_have_a_feature_map_too(tmp_path: Path) -> None:
    made = exported(tmp_path, "MobileNet")
    assert isinstance(made.model.get_layer(POOL), keras.layers.GlobalAveragePooling2D)
    assert export.parity(made.bundle, made.predictions, made.outputs).max_abs_difference < 1e-4
    (prediction,) = made.bundle.predict(made.pixels[:1], explain=True)
    assert prediction.heat is not None
