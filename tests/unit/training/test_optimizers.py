"""The optimizer is the named one, and its learning rate at a step is what params.yaml says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesions.models.networks import build_model
from lesions.training.optimizers import learning_rate, make_optimizer
from tests.unit.small_params import params_with, train_params
from tests.unit.training_pictures import SIDE


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "rmsprop", "adagrad"])
def test_the_optimizer_is_the_named_one(name: str) -> None:
    optimizer = make_optimizer(train_params(optimizer=name, weight_decay=0.03), steps=10)
    assert type(optimizer).__name__.lower() == name
    assert getattr(optimizer, "momentum", 0.9) == (0.9 if name == "sgd" else 0.0 if name == "rmsprop" else 0.9)
    assert optimizer.weight_decay == (0.03 if name == "adamw" else None)


def test_weight_decay_spares_shifts_and_scales() -> None:
    optimizer = make_optimizer(train_params(optimizer="adamw", weight_decay=1.0), steps=10)
    model = build_model(params_with(model__name="lesion_net").model, 3, SIDE)
    decayed = {variable.name for variable in model.trainable_variables if optimizer._use_weight_decay(variable)}
    assert decayed == {"kernel"}


@pytest.mark.parametrize(
    ("schedule", "warmup", "expected"),
    [
        ("constant", 0.0, {0: 0.1, 50: 0.1, 99: 0.1}),
        ("constant", 0.09, {0: 0.01, 4: 0.05, 9: 0.1, 10: 0.1, 99: 0.1}),
        ("cosine", 0.0, {0: 0.1, 25: 0.1 * (1 + 0.5**0.5) / 2, 50: 0.05, 100: 0.0}),
        ("cosine", 0.1, {0: 0.1 / 11, 5: 0.6 / 11, 10: 0.1, 55: 0.05, 100: 0.0}),
    ],
)
def test_the_learning_rate_at_a_step(schedule: str, warmup: float, expected: dict[int, float]) -> None:
    rate = learning_rate(train_params(learning_rate=0.1, schedule=schedule, warmup=warmup), steps=100)
    values = {step: float(rate(step)) if callable(rate) else rate for step in expected}
    assert values == pytest.approx(expected, abs=1e-7)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["constant", "cosine"]), st.floats(0, 0.5), st.integers(1, 400))
def test_no_step_is_wasted_or_above_the_peak(schedule: str, warmup: float, steps: int) -> None:
    rate = learning_rate(train_params(learning_rate=0.1, schedule=schedule, warmup=warmup), steps)
    values = np.array([float(rate(step)) if callable(rate) else rate for step in range(0, steps, max(1, steps // 20))])
    assert (values > 0).all()
    assert (values <= 0.1 + 1e-7).all()


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("warmup", [0.0, 0.1])
def test_a_later_optimizer_takes_up_the_same_schedule(schedule: str, warmup: float) -> None:
    """Fine-tuning has an optimizer of its own; its rate must be the one of the whole training at that step."""
    params = train_params(learning_rate=0.1, schedule=schedule, warmup=warmup)
    whole = make_optimizer(params, steps=100)
    later = make_optimizer(params, steps=100, start=40, factor=0.5)
    assert int(later.iterations) == 0, "Adam corrects its first steps; counted from 40 they would be six times too long"
    for step in (0, 10, 59):
        whole.iterations.assign(40 + step)
        later.iterations.assign(step)
        assert float(later.learning_rate) == pytest.approx(0.5 * float(whole.learning_rate), rel=1e-6)
