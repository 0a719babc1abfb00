"""Training: the loss, the scores, the epochs in their phases, and which epoch's weights are kept.

Nothing in it depends on having started with the first epoch: see callbacks.py for how a stopped run is taken up.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lesions.models.backend import keras, tf
from lesions.models.networks import logits_network
from lesions.params.schema import Params
from lesions.runtime.console import UserError
from lesions.training.batches import steps_per_epoch, training_batches, validation_batches
from lesions.training.callbacks import CheckpointCallback, RaiseOnInterrupt, RaiseOnNaN, TrainingOutcome
from lesions.training.checkpoint import Checkpoint
from lesions.training.metrics import BalancedAccuracy
from lesions.training.optimizers import make_optimizer
from lesions.training.phases import Phase, phases, set_trainable
from lesions.training.sharpness_aware import sharpness_aware
from lesions.training.training_set import TrainingData

# Where memory runs out: oneDNN's words, and names of exceptions in the thread that makes the batches
OUT_OF_MEMORY = (
    "could not create a primitive",
    "could not execute a primitive",
    "MemoryError:",
    "ResourceExhaustedError:",
)


def set_seeds(seed: int, deterministic: bool) -> None:
    """Seed Python, NumPy and Keras; deterministic: same input, same weights to the bit. To be called first."""
    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()


def fit(
    model: keras.Model,
    data: TrainingData,
    params: Params,
    callbacks: Sequence[keras.callbacks.Callback],
    checkpoint: Checkpoint | None = None,
) -> TrainingOutcome:
    """Train the model in place; it ends with the weights of the best or the last epoch, as train.keep says.

    callbacks see after every epoch: loss (as minimised: smoothed and, for training pictures, weighted), accuracy,
    balanced_accuracy, each also with val_ in front, and learning_rate. For training pictures they are means over the
    epoch, while weights move, of changed pictures as they were drawn.
    checkpoint: written after every epoch; where it holds a state, training goes on from there. The result is the same,
    to the bit. Raises UserError where the loss is no finite number or memory runs out.
    """
    trained = sharpness_aware(logits_network(model), params.train.sharpness)
    plan = phases(params.model, params.epochs)
    checkpoints = CheckpointCallback(params.train, checkpoint, waits_from=plan[-1].start)
    checkpoints.restore_model(trained)
    with _user_errors(params), RaiseOnInterrupt().installed() as interrupt:
        for phase in plan:
            set_trainable(model, params.model, phase.frozen)  # also where all is done: the model file tells it
            if checkpoints.epochs < phase.stop and not checkpoints.is_over:
                _compile(trained, data, params, phase)
                checkpoints.restore_optimizer(trained, phase.start)
                _run(trained, data, params, phase, checkpoints, [interrupt, *callbacks])
    return checkpoints.finish(trained)


def _compile(trained: keras.Model, data: TrainingData, params: Params, phase: Phase) -> None:
    """Set the loss and the scores, and an optimizer for the layers that are free in this phase."""
    train, steps = params.train, steps_per_epoch(data, params.train.batch_size)
    trained.compile(
        make_optimizer(train, steps * params.epochs, phase.start * steps, phase.rate),
        # on logits, where it is exact however sure the network is
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=train.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy("accuracy"), BalancedAccuracy(len(data.classes))],
        jit_compile=False,  # three to five times slower on processors
    )
    # Its variables would else be made within the first step, which TensorFlow then traces a second time: seconds
    trained.optimizer.build(trained.trainable_variables)


def _run(
    trained: keras.Model,
    data: TrainingData,
    params: Params,
    phase: Phase,
    checkpoints: CheckpointCallback,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Run the epochs of a phase that are still to be run."""
    train, first = params.train, checkpoints.epochs
    trained.fit(
        training_batches(data, train.batch_size, range(first, phase.stop), params.seed, train.online),
        validation_data=validation_batches(data, train.batch_size),
        initial_epoch=first,
        epochs=phase.stop,
        steps_per_epoch=steps_per_epoch(data, train.batch_size),
        shuffle=False,  # epoch_order has done it
        callbacks=[RaiseOnNaN(), checkpoints, *callbacks],
        verbose=0,
    )


@contextmanager
def _user_errors(params: Params) -> Iterator[None]:
    """What TensorFlow raises where memory runs out or a picture cannot be read, as one line on what to do."""
    out_of_memory = UserError(
        f"out of memory with train.batch_size {params.train.batch_size} and image_size {params.image_size}: "
        "lower one of them in params.yaml"
    )
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError):
        raise out_of_memory from None
    except tf.errors.OpError as error:
        if any(words in str(error) for words in OUT_OF_MEMORY):
            raise out_of_memory from None
        # a thread of TensorFlow's asks for the batches: of what went wrong there, it passes on the words alone
        if match := re.search(rf"{UserError.__name__}: (.+)", str(error)):
            raise UserError(match[1]) from None
        raise
