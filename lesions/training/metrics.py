"""Scores that Keras computes while it trains, and has no class of its own for."""

from typing import Any

from lesions.models.backend import keras

ops = keras.ops


class BalancedAccuracy(keras.metrics.Metric):  # type: ignore[misc]
    """Mean recall over the classes that occur, of one-hot labels (n, classes) and logits (n, classes)."""

    def __init__(self, n_classes: int, name: str = "balanced_accuracy") -> None:
        super().__init__(name=name)
        self.hits = self.add_weight(shape=(n_classes,), initializer="zeros", name="hits")
        self.pictures = self.add_weight(shape=(n_classes,), initializer="zeros", name="pictures")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # noqa: ARG002
        """Count a batch; every picture counts as one, whatever its weight in the loss."""
        hit = ops.equal(ops.argmax(y_true, axis=1), ops.argmax(y_pred, axis=1))
        self.hits.assign_add(ops.sum(y_true * ops.cast(hit, y_true.dtype)[:, None], axis=0))
        self.pictures.assign_add(ops.sum(y_true, axis=0))

    def result(self) -> Any:
        """In [0, 1]."""
        occurring = ops.cast(self.pictures > 0, self.dtype)
        recalls = self.hits / ops.maximum(self.pictures, 1)
        return ops.sum(recalls) / ops.maximum(ops.sum(occurring), 1)
