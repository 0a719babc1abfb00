"""Training: optimizer, schedule, loss, batches, and which epoch's weights are kept.

The order of an epoch and the changes of a step follow from (seed, epoch) and (seed, step), not from a running stream.
"""

import functools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lesions import online
from lesions.backend import keras, tf
from lesions.images import Pixels
from lesions.models import LOGITS
from lesions.params import OnlineParams, Params, TrainParams
from lesions.training_data import TrainingData, epoch_order

AHEAD = 2  # batches that are made while the network is busy with another
SGD_MOMENTUM = 0.9
NOT_DECAYED = ["bias", "gamma", "beta"]  # shifts and scales: decay would pull normalisation apart (He et al., 2019)


class Kept(NamedTuple):
    """The outcome of a training: epochs that were run, the best by the monitor and the one whose weights the model has.

    Epochs count from 1. scores: the kept epoch's loss, accuracy, balanced_accuracy, and the same with val_ in front.
    """

    epochs: int
    best_epoch: int
    kept_epoch: int
    scores: dict[str, float]


def set_seeds(seed: int, deterministic: bool) -> None:
    """Seed Python, NumPy and Keras; deterministic: same input, same weights to the bit. Call it before build_model."""
    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()


def fit(model: keras.Model, data: TrainingData, params: Params, callbacks: Sequence[keras.callbacks.Callback]) -> Kept:
    """Train the model in place; it ends with the weights of the best or the last epoch, as train.keep says.

    callbacks see after every epoch: loss (as minimised: smoothed and, for training pictures, weighted), accuracy,
    balanced_accuracy, each also with val_ in front. For training pictures they are means over the epoch, while weights
    move, of changed pictures as they were drawn.
    """
    train = params.train
    steps = steps_per_epoch(data, train.batch_size)
    # the loss is taken on the logits, where it is exact however sure the network is
    trained = keras.Model(model.input, model.get_layer(LOGITS).output, name=model.name)
    trained.compile(
        make_optimizer(train, steps * params.epochs),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=train.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy"), BalancedAccuracy(len(data.classes))],
        jit_compile=False,  # three to five times slower on processors
    )
    best = keras.callbacks.EarlyStopping(
        train.monitor,
        patience=train.patience or params.epochs,
        mode="min" if train.monitor == "val_loss" else "max",
        restore_best_weights=train.keep == "best",
    )
    history = trained.fit(
        training_batches(data, train.batch_size, range(params.epochs), params.seed, train.online),
        validation_data=validation_batches(data, train.batch_size),
        epochs=params.epochs,
        steps_per_epoch=steps,
        shuffle=False,  # epoch_order has done it
        callbacks=[*callbacks, best],
        verbose=0,
    ).history
    epochs = len(history["loss"])
    kept = best.best_epoch + 1 if train.keep == "best" else epochs
    return Kept(epochs, best.best_epoch + 1, kept, {name: values[kept - 1] for name, values in history.items()})


def make_optimizer(params: TrainParams, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer by its name, with the learning rate as a function of the step; steps: of the whole training."""
    rate = learning_rate(params, steps)
    if params.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=SGD_MOMENTUM)
    if params.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(rate, weight_decay=params.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=NOT_DECAYED)
        return optimizer
    by_name = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop, "adagrad": keras.optimizers.Adagrad}
    return by_name[params.optimizer](rate)


def learning_rate(params: TrainParams, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The learning rate of steps 0 to steps - 1: a linear rise over the warm-up, then constant, or a cosine to zero.

    The rise starts one part above zero, where the first step would be wasted; zero is reached when all steps are done.
    """
    peak, warmup = params.learning_rate, round(params.warmup * steps)
    first = peak / (warmup + 1)
    if params.schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(
            first if warmup else peak, steps - warmup, warmup_target=peak if warmup else None, warmup_steps=warmup
        )
    if warmup:
        return keras.optimizers.schedules.PolynomialDecay(first, warmup, end_learning_rate=peak)
    return peak


class BalancedAccuracy(keras.metrics.Metric):  # type: ignore[misc]
    """Mean recall over the classes that occur: of one-hot labels (n, classes) and logits or probabilities alike."""

    def __init__(self, n_classes: int, name: str = "balanced_accuracy") -> None:
        super().__init__(name=name)
        self.hits = self.add_weight(shape=(n_classes,), initializer="zeros", name="hits")
        self.pictures = self.add_weight(shape=(n_classes,), initializer="zeros", name="pictures")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # noqa: ARG002
        """Count a batch; every picture counts as one, whatever its weight in the loss."""
        hit = keras.ops.equal(keras.ops.argmax(y_true, axis=1), keras.ops.argmax(y_pred, axis=1))
        self.hits.assign_add(keras.ops.sum(y_true * keras.ops.cast(hit, y_true.dtype)[:, None], axis=0))
        self.pictures.assign_add(keras.ops.sum(y_true, axis=0))

    def result(self) -> Any:
        """In [0, 1]."""
        occurring = keras.ops.cast(self.pictures > 0, self.dtype)
        recalls = self.hits / keras.ops.maximum(self.pictures, 1)
        return keras.ops.sum(recalls) / keras.ops.maximum(keras.ops.sum(occurring), 1)


def steps_per_epoch(data: TrainingData, batch_size: int) -> int:
    """Batches in an epoch: as many as it takes for none to be larger than batch_size."""
    return -(-len(data.train.labels) // batch_size)


def training_batches(
    data: TrainingData, batch_size: int, epochs: range, seed: int, params: OnlineParams
) -> tf.data.Dataset:
    """All batches of the given epochs: pixels (b, side, side, 3) float32, one-hot labels (b, classes), weights (b,).

    The batches of an epoch differ in size by one picture at most: normalisation fails on a last batch of one.
    """
    steps = steps_per_epoch(data, batch_size)
    one_hot = np.eye(len(data.classes), dtype=np.float32)
    weights = data.loss_weights.astype(np.float32)

    def batches() -> Iterator[tuple[Pixels, NDArray[np.float32], NDArray[np.float32], int]]:
        for epoch in epochs:
            order = epoch_order(data.train.labels, data.shares, seed, epoch)
            for number, members in enumerate(np.array_split(order, steps)):
                labels = data.train.labels[members]
                yield data.train.pixels[members], one_hot[labels], weights[labels], epoch * steps + number

    dataset = tf.data.Dataset.from_generator(
        batches,
        output_signature=(
            tf.TensorSpec((None, *data.train.pixels.shape[1:]), tf.uint8),
            tf.TensorSpec((None, len(data.classes)), tf.float32),
            tf.TensorSpec((None,), tf.float32),
            tf.TensorSpec((), tf.int64),
        ),
    )
    change = functools.partial(online.change, params=params, seed=seed)
    return dataset.map(lambda pixels, label, weight, step: (change(pixels, step=step), label, weight)).prefetch(AHEAD)


def validation_batches(data: TrainingData, batch_size: int) -> tf.data.Dataset:
    """The validation pictures in their order, unchanged: pixels and one-hot labels."""
    one_hot = np.eye(len(data.classes), dtype=np.float32)[data.val.labels]
    return tf.data.Dataset.from_tensor_slices((data.val.pixels, one_hot)).batch(batch_size)
