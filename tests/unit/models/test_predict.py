"""Predictions: the same for a picture whatever it is predicted with, and clear words about a bad model file."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesions.models.backend import keras
from lesions.models.networks import build_model, save_model
from lesions.models.predict import BATCH, load_model, predict
from lesions.runtime.console import UserError
from tests.unit.small_params import params_with

N = 2 * BATCH + 5
PIXELS = np.random.default_rng(0).integers(0, 256, (N, 96, 96, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    # the network with the largest dense layer: the longer a sum, the more its last bits depend on how it is cut
    keras.utils.set_random_seed(0)
    return build_model(params_with(model__name="isic_cnn", model__dropout=0.5).model, n_classes=4, image_size=96)


def test_probabilities_are_the_models_in_double_precision(model: keras.Model) -> None:
    logits, probabilities = predict(model, PIXELS[:7])
    assert logits.dtype == probabilities.dtype == np.float64
    assert logits.shape == probabilities.shape == (7, 4)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-15)
    assert np.allclose(probabilities, model(PIXELS[:7], training=False).numpy(), atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, N - 1), min_size=1, max_size=N))
def test_a_picture_gets_the_same_numbers_in_any_company(model: keras.Model, members: list[int]) -> None:
    # one picture on the web page, thousands in evaluate: a rounding apart, a threshold would decide differently
    assert np.array_equal(predict(model, PIXELS[members]).logits, predict(model, PIXELS).logits[members])


def test_no_pictures_no_predictions(model: keras.Model) -> None:
    assert predict(model, PIXELS[:0]).probabilities.shape == (0, 4)


def test_pixels_of_another_size_are_refused(model: keras.Model) -> None:
    with pytest.raises(ValueError, match="96"):
        predict(model, PIXELS[:, :64, :64])


def test_a_saved_model_predicts_the_same(model: keras.Model, tmp_path: Path) -> None:
    save_model(model, tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert np.array_equal(predict(loaded, PIXELS).logits, predict(model, PIXELS).logits)


def test_a_missing_model_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not there: run `dvc repro train`"):
        load_model(tmp_path / "model.keras")


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "other"])
def test_a_damaged_model_is_a_mistake_of_the_user(damage: str, model: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    if damage == "other":  # a Keras model, but none of ours
        keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]).save(path)
    else:
        save_model(model, path)
        whole = path.read_bytes()
        path.write_bytes({"empty": b"", "text": b"version https://git-lfs", "cut": whole[: len(whole) // 2]}[damage])
    with pytest.raises(UserError, match=r"model\.keras (cannot be read|has no layer)") as caught:
        load_model(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("given", "expected"), [(None, "1"), ("0", "0")])
def test_tensorflow_starts_in_silence_with_onednn_unless_it_was_switched_off(given: str | None, expected: str) -> None:
    # its ten lines on absent GPUs would bury our one line of error; without oneDNN a training takes twice as long
    code = "import os; from lesions.models import predict, backend; backend.tf.constant(1)"
    code += "; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    environment |= {} if given is None else {"TF_ENABLE_ONEDNN_OPTS": given}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert (done.stdout.strip(), done.stderr) == (expected, "")
