"""The optimizer, and its learning rate as a function of the step alone: a resumed run needs no other memory."""

from typing import Any

from lesions.models.backend import keras
from lesions.params.schema import TrainParams

SGD_MOMENTUM = 0.9
NOT_DECAYED = ["bias", "gamma", "beta"]  # shifts and scales: decay would pull normalisation apart (He et al., 2019)

Rate = Any  # a number or a keras LearningRateSchedule


def make_optimizer(params: TrainParams, steps: int, start: int = 0, factor: float = 1.0) -> keras.optimizers.Optimizer:
    """The optimizer by its name, with the learning rate as a function of the step; steps: of the whole training.

    start: the step of the whole training that is this optimizer's first one; factor: on the learning rate.
    """
    rate = learning_rate(params, steps, start, factor)
    if params.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=SGD_MOMENTUM)
    if params.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(rate, weight_decay=params.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=NOT_DECAYED)
        return optimizer
    by_name = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop, "adagrad": keras.optimizers.Adagrad}
    return by_name[params.optimizer](rate)


def learning_rate(params: TrainParams, steps: int, start: int = 0, factor: float = 1.0) -> Rate:
    """The learning rate of steps 0 to steps - 1: a linear rise over the warm-up, then constant, or a cosine to zero.

    The rise starts one part above zero, where the first step would be wasted; zero is reached when all steps are done.
    start and factor as in make_optimizer.
    """
    peak, warmup = params.learning_rate, round(params.warmup * steps)
    first = peak / (warmup + 1)
    if params.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            first if warmup else peak, steps - warmup, warmup_target=peak if warmup else None, warmup_steps=warmup
        )
    elif warmup:
        rate = keras.optimizers.schedules.PolynomialDecay(first, warmup, end_learning_rate=peak)
    else:
        return peak * factor
    return _From(rate, start, factor) if start or factor != 1 else rate


class _From(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A schedule taken up at a step. An optimizer must count from zero, or Adam's first steps would be far too long."""

    def __init__(self, rate: Rate, start: int, factor: float) -> None:
        self.rate, self.start, self.factor = rate, start, factor

    def __call__(self, step: Any) -> Any:
        return self.rate(step + self.start) * self.factor

    def get_config(self) -> dict[str, Any]:
        """What Keras asks of every schedule."""
        return {"rate": self.rate, "start": self.start, "factor": self.factor}
