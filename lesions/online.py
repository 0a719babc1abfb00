"""Random changes of training pictures, fresh at every step and a function of (seed, step) alone.

Flip, rotation, translation and zoom are one resampling, at a sixth of the cost of a Keras layer for each.
"""

import math
from typing import Any

from lesions.backend import keras, tf
from lesions.params import OnlineParams

Tensor = Any  # a tf.Tensor; TensorFlow ships no types

# Columns of the random numbers of one picture. All are always drawn, so that switching one change on or off leaves the
# others as they were.
FLIP_X, FLIP_Y, ANGLE, SHIFT_X, SHIFT_Y, ZOOM, BRIGHTNESS, CONTRAST = range(8)


def changes_anything(params: OnlineParams) -> bool:
    """Whether any change is switched on."""
    return _moves(params) or _lights(params)


def change(pixels: Tensor, params: OnlineParams, seed: int, step: Tensor) -> Tensor:
    """Changed pictures (n, side, side, 3), float32 in [0, 255], from pixels in [0, 255] of any type.

    step: scalar integer tensor, the number of the training step. The same seed, step and n give the same changes.
    Rotation, translation and zoom mirror the picture at its border.
    """
    pixels = tf.cast(pixels, tf.float32)
    both = tf.stack([tf.constant(seed, tf.int64), tf.cast(step, tf.int64)])
    draws = tf.random.stateless_uniform((tf.shape(pixels)[0], 8), both, -1.0, 1.0)
    if _moves(params):
        side = pixels.shape[1]
        pixels = keras.ops.image.affine_transform(pixels, _affine(draws, params, side), "bilinear", "reflect")
    if _lights(params):
        pixels = _light(pixels, draws, params)
    return pixels


def _moves(params: OnlineParams) -> bool:
    return params.flip != "none" or any((params.rotation, params.translation, params.zoom))


def _lights(params: OnlineParams) -> bool:
    return any((params.brightness, params.contrast))


def _affine(draws: Tensor, params: OnlineParams, side: int) -> Tensor:
    """(n, 8) coefficients that give, for a pixel of the result, the place in the original that it is read from.

    place = turn(angle) * diag(flips) / zoom * (pixel - centre) + centre + shift, all in pixels.
    """
    ones = tf.ones_like(draws[:, 0])
    flip_x = tf.where(draws[:, FLIP_X] < 0, -ones, ones) if params.flip in ("horizontal", "both") else ones
    flip_y = tf.where(draws[:, FLIP_Y] < 0, -ones, ones) if params.flip in ("vertical", "both") else ones
    angle = draws[:, ANGLE] * params.rotation * 2 * math.pi
    zoom = 1 + draws[:, ZOOM] * params.zoom
    xx, xy = tf.cos(angle) * flip_x / zoom, -tf.sin(angle) * flip_y / zoom
    yx, yy = tf.sin(angle) * flip_x / zoom, tf.cos(angle) * flip_y / zoom
    centre = (side - 1) / 2
    x0 = centre - (xx + xy) * centre + draws[:, SHIFT_X] * params.translation * side
    y0 = centre - (yx + yy) * centre + draws[:, SHIFT_Y] * params.translation * side
    return tf.stack([xx, xy, x0, yx, yy, y0, 0 * ones, 0 * ones], axis=1)


def _light(pixels: Tensor, draws: Tensor, params: OnlineParams) -> Tensor:
    """Contrast stretches each channel around its mean, brightness shifts all channels alike; clipped to [0, 255]."""
    contrast = 1 + draws[:, CONTRAST] * params.contrast
    brightness = draws[:, BRIGHTNESS] * params.brightness * 255
    mean = tf.reduce_mean(pixels, axis=(1, 2), keepdims=True)
    changed = (pixels - mean) * contrast[:, None, None, None] + mean + brightness[:, None, None, None]
    return tf.clip_by_value(changed, 0.0, 255.0)
