"""Sharpness-aware steps (Foret et al., 2021, doi:10.48550/arXiv.2010.01412): of all low places, look for the wide ones.

Each step first climbs to the worst weights nearby, and goes down from where it was by the slope that it finds up there.
It takes two passes in place of one.
"""

from typing import Any

from lesions.models.backend import keras, tf

NO_SLOPE = 1e-12  # added to the length of the slope, which may be zero


class SharpnessAware(keras.Model):  # type: ignore[misc]
    """A network whose steps climb first. Loss and scores of a step are those from before the climb, as without it."""

    radius = 0.0  # length of the climb, over all weights together

    def train_step(self, data: Any) -> dict[str, Any]:
        """What Keras calls for every batch: pixels, labels, weights."""
        pixels, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        free = self.trainable_variables
        slopes, answers, loss = self._slopes(pixels, labels, weights)
        (tracker,) = (metric for metric in self.metrics if metric.name == "loss")  # Keras keeps the mean of the epoch
        tracker.update_state(loss, sample_weight=tf.shape(pixels)[0])
        scale = self.radius / (tf.linalg.global_norm(slopes) + NO_SLOPE)
        climb = [slope * scale for slope in slopes]
        for variable, step in zip(free, climb, strict=True):
            variable.assign_add(step)
        slopes, _, _ = self._slopes(pixels, labels, weights)
        for variable, step in zip(free, climb, strict=True):
            variable.assign_sub(step)
        self.optimizer.apply_gradients(zip(slopes, free, strict=True))
        scores: dict[str, Any] = self.compute_metrics(pixels, labels, answers, weights)
        return scores

    def _slopes(self, pixels: Any, labels: Any, weights: Any) -> tuple[list[Any], Any, Any]:
        with tf.GradientTape() as tape:
            answers = self(pixels, training=True)
            loss = self.compute_loss(pixels, labels, answers, weights)
        return tape.gradient(loss, self.trainable_variables), answers, loss


def sharpness_aware(network: keras.Model, radius: float) -> keras.Model:
    """The same network, layers and weights, with steps that climb by `radius` first; itself where that is 0."""
    if not radius:
        return network
    aware = SharpnessAware(network.inputs, network.outputs, name=network.name)
    aware.radius = radius
    return aware
