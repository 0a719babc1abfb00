"""Sharpness-aware steps: what Foret et al. describe, and nothing where the radius is zero."""

from typing import Any

import numpy as np

from lesions.models.backend import keras
from lesions.training.sharpness_aware import sharpness_aware
from tests.unit.small_params import SMALL, params_with
from tests.unit.trainings import trained

RADIUS, RATE = 0.5, 0.1


def linear() -> keras.Model:
    """One weight for each of two inputs."""
    pixels = keras.Input((2,))
    answer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(pixels)
    return keras.Model(pixels, answer)


def test_a_step_goes_down_by_the_slope_at_the_top_of_the_climb() -> None:
    """Against the formula, in NumPy: w - rate * slope(w + radius * slope(w) / |slope(w)|)."""
    rng = np.random.default_rng(0)
    pixels, wanted, weights = rng.normal(size=(8, 2)), rng.normal(size=(8, 1)), rng.uniform(0.5, 2, size=8)

    def slope(kernel: Any) -> Any:
        return 2 * pixels.T @ (weights[:, None] * (pixels @ kernel - wanted)) / len(pixels)

    before = np.ones((2, 1))
    climb = slope(before) * RADIUS / np.linalg.norm(slope(before))
    network = sharpness_aware(linear(), RADIUS)
    network.compile(keras.optimizers.SGD(RATE), "mse")
    told = network.train_on_batch(pixels, wanted, sample_weight=weights, return_dict=True)
    assert np.allclose(network.get_weights()[0], before - RATE * slope(before + climb), atol=1e-5)
    assert np.isclose(told["loss"], np.mean(weights[:, None] * (pixels @ before - wanted) ** 2)), "the loss up there"


def test_without_a_radius_nothing_is_changed() -> None:
    network = linear()
    assert sharpness_aware(network, 0.0) is network


def test_the_param_reaches_the_training() -> None:
    changes: dict[str, Any] = {**SMALL, "epochs": 1}
    kernels = [
        trained(params_with(**changes, train__sharpness=radius))[0].get_weights()[0] for radius in (0.0, 0.05, 0.05)
    ]
    assert not np.allclose(kernels[0], kernels[1]), "steps are plain"
    assert np.array_equal(kernels[1], kernels[2]), "the same input gives other weights, or none that are numbers"
