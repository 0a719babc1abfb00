"""Several networks in one: each learns for itself, and the saved network gives the mean of their logits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import recall_score

from lesions.backend import keras, tf
from lesions.members import MEMBER_LOGITS, Accuracy, BalancedAccuracy, MembersLoss, training_network
from lesions.models import LOGITS, build_model
from tests.unit.trainings import params_with

SIDE, CLASSES = 32, 3
PIXELS = np.random.default_rng(0).uniform(0, 255, (6, SIDE, SIDE, 3)).astype(np.float32)
LABELS = np.eye(CLASSES, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]


def built(members: int, name: str = "lesion_net") -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_model(params_with(model__name=name, model__members=members).model, CLASSES, SIDE)


@pytest.mark.parametrize(("members", "name"), [(1, "lesion_net"), (3, "lesion_net"), (1, "isic_cnn")])
def test_the_saved_network_gives_the_mean_of_its_members_logits(members: int, name: str) -> None:
    """What was trained is what is evaluated: a slip in the order of features would mix the members up."""
    model = built(members, name)
    each = training_network(model, members)(PIXELS[:, None], training=False).numpy()
    assert each.shape == (len(PIXELS), members, CLASSES)
    logits = keras.Model(model.input, model.get_layer(LOGITS).output)(PIXELS, training=False).numpy()
    assert np.allclose(each.mean(axis=1), logits, atol=1e-5)
    assert members == 1 or np.abs(each[:, 0] - each[:, 1]).max() > 1e-3, "members that are the same network"


def test_every_member_is_shown_its_own_version() -> None:
    """Members that all saw the first version would be trained on the same pixels, and learn more alike than need be."""
    trained = training_network(built(2), 2)
    both = trained(np.stack([PIXELS, PIXELS[::-1]], axis=1), training=False).numpy()
    same = trained(PIXELS[:, None], training=False).numpy()
    assert np.allclose(both[:, 0], same[:, 0], atol=1e-5)
    assert np.allclose(both[:, 1], same[::-1, 1], atol=1e-5)


def test_a_member_learns_as_if_it_were_alone() -> None:
    """Its gradient must not depend on the others' weights, as it would with one loss on the mean."""

    def gradient_of_first(model: keras.Model) -> list[np.ndarray]:
        trained = training_network(model, 2)
        first = [weights for weights in trained.trainable_variables if "member1_" in weights.path]
        with tf.GradientTape() as tape:
            loss = MembersLoss(0.1)(LABELS, trained(PIXELS[:, None], training=False))
        return [gradient.numpy() for gradient in tape.gradient(loss, first)]

    model = built(2)
    before = gradient_of_first(model)
    for layer in model.layers:
        if layer.name.startswith("member2_"):
            layer.set_weights([weights * 1.5 for weights in layer.get_weights()])
    assert before
    assert all(np.allclose(old, new, atol=1e-7) for old, new in zip(before, gradient_of_first(model), strict=True))


def test_training_reaches_every_weight_of_the_saved_network() -> None:
    model = built(2)
    trained = training_network(model, 2)
    assert {id(weights) for weights in trained.trainable_variables} == {id(v) for v in model.trainable_variables}
    assert trained.get_layer(MEMBER_LOGITS).last is model.get_layer(LOGITS)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_the_mean_of_the_members_cross_entropies(smoothing: float) -> None:
    logits = np.random.default_rng(1).normal(0, 5, (6, 4, CLASSES)).astype(np.float32)
    weights = np.array([1, 2, 0.5, 1, 0, 3], dtype=np.float32)
    alone = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    expected = np.mean([float(alone(LABELS, logits[:, number], weights)) for number in range(4)])
    assert float(MembersLoss(smoothing)(LABELS, logits, weights)) == pytest.approx(expected, rel=1e-5)


def test_scores_are_those_of_the_mean() -> None:
    """Two of three members are wrong by a little, one is right by a lot: so is the network."""
    logits = np.zeros((1, 3, CLASSES), dtype=np.float32)
    logits[0, :, 1] = [1, 1, 0]
    logits[0, 2, 0] = 5
    for metric in (Accuracy(), BalancedAccuracy(CLASSES)):
        metric.update_state(LABELS[:1], logits)
        assert float(metric.result()) == 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60), st.integers(1, 59))
def test_balanced_accuracy_is_mean_recall_over_any_batches(pairs: list[tuple[int, int]], cut: int) -> None:
    truth, found = np.array(pairs).T
    metric = BalancedAccuracy(4)
    for part in (slice(None, cut), slice(cut, None)):
        if len(truth[part]):
            metric.update_state(np.eye(4)[truth[part]], np.eye(4)[found[part]][:, None] * 7 - 3)
    recalls = recall_score(truth, found, labels=sorted(set(truth)), average="macro", zero_division=0)
    assert float(metric.result()) == pytest.approx(recalls, abs=1e-6)
