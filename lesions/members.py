"""Training the members of a network each for itself: what each is shown, the loss and the scores of all their logits.

A deep ensemble (Lakshminarayanan et al., 2017) in one network, whose logits are averaged. In training every member is
shown the same pictures, each under changes of its own, and has a loss of its own: what they have in common is the order
of the pictures and, where there are any, the first weights.
"""

from typing import Any

from lesions.backend import keras
from lesions.models import LOGITS, MEMBERS

ops = keras.ops

MEMBER_LOGITS = "member_logits"  # name of the last layer of a network in training


class Shown(keras.layers.Layer):  # type: ignore[misc]
    """What one member is shown of pixels (n, versions, side, side, 3): its own version, or the only one."""

    def __init__(self, member: int) -> None:
        super().__init__(name=f"shown_to_member{member + 1}")
        self.member = member

    def call(self, pixels: Any) -> Any:
        """What Keras asks for: (n, side, side, 3)."""
        return pixels[:, self.member % ops.shape(pixels)[1]]

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """What Keras asks for, because the number of versions is open."""
        return shape[0], *shape[2:]


class MemberLogits(keras.layers.Layer):  # type: ignore[misc]
    """The logits of every member (n, members, classes) from the features side by side (n, members * features).

    last: the linear layer that gives the mean of the members' logits from the same features, which were divided by the
    number of members. Its weights are the ones that are trained here.
    """

    def __init__(self, last: keras.layers.Dense, members: int) -> None:
        super().__init__(name=MEMBER_LOGITS)
        self.last, self.members = last, members

    def call(self, features: Any) -> Any:
        """What Keras asks for."""
        per_member = ops.reshape(features * self.members, (-1, self.members, features.shape[-1] // self.members))
        kernel = ops.reshape(self.last.kernel, (self.members, -1, self.last.units))
        return ops.einsum("nmf,mfc->nmc", per_member, kernel) + self.last.bias


def training_network(model: keras.Model, members: int) -> keras.Model:
    """The same network, with the same weights, from versions of the pictures to the logits of every member.

    Pixels (n, versions, side, side, 3), versions being 1 or members, to (n, members, classes).
    """
    last, pixels = model.get_layer(LOGITS), keras.Input((None, *model.input.shape[1:]), name="versions")
    parts = model.get_layer(MEMBERS).input if members > 1 else [last.input]
    seen = [keras.Model(model.input, part)(Shown(member)(pixels)) for member, part in enumerate(parts)]
    features = keras.Model(parts, last.input)(seen) if members > 1 else seen[0]
    return keras.Model(pixels, MemberLogits(last, members)(features), name=model.name)


class MembersLoss(keras.losses.Loss):  # type: ignore[misc]
    """Cross-entropy of one-hot labels (n, classes) and logits (n, members, classes), averaged over the members.

    On logits it is exact however sure the network is. smoothing: share of each label that goes to all classes alike.
    """

    def __init__(self, smoothing: float) -> None:
        super().__init__(name="loss")
        self.smoothing = smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """What Keras asks for: (n,)."""
        wanted = y_true * (1 - self.smoothing) + self.smoothing / y_true.shape[-1]
        entropy = -ops.sum(ops.expand_dims(wanted, 1) * ops.log_softmax(y_pred), axis=-1)
        return ops.mean(entropy, axis=-1)


class Accuracy(keras.metrics.CategoricalAccuracy):  # type: ignore[misc]
    """Share of the pictures whose class has the highest mean logit."""

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(name=name)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # noqa: ARG002
        """Count a batch; every picture counts as one, whatever its weight in the loss."""
        super().update_state(y_true, ops.mean(y_pred, axis=1))


class BalancedAccuracy(keras.metrics.Metric):  # type: ignore[misc]
    """Mean recall over the classes that occur, of one-hot labels (n, classes) and logits (n, members, classes)."""

    def __init__(self, n_classes: int, name: str = "balanced_accuracy") -> None:
        super().__init__(name=name)
        self.hits = self.add_weight(shape=(n_classes,), initializer="zeros", name="hits")
        self.pictures = self.add_weight(shape=(n_classes,), initializer="zeros", name="pictures")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # noqa: ARG002
        """Count a batch; every picture counts as one, whatever its weight in the loss."""
        hit = ops.equal(ops.argmax(y_true, axis=1), ops.argmax(ops.mean(y_pred, axis=1), axis=1))
        self.hits.assign_add(ops.sum(y_true * ops.cast(hit, y_true.dtype)[:, None], axis=0))
        self.pictures.assign_add(ops.sum(y_true, axis=0))

    def result(self) -> Any:
        """In [0, 1]."""
        occurring = ops.cast(self.pictures > 0, self.dtype)
        recalls = self.hits / ops.maximum(self.pictures, 1)
        return ops.sum(recalls) / ops.maximum(ops.sum(occurring), 1)
