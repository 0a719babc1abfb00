"""Random changes of training pictures, fresh at every step and a function of (seed, step) alone.

All that moves pixels (flip, rotation, translation, zoom, stretch) is one resampling, at a sixth of the cost of a Keras
layer for each.
"""

import math
from typing import Any

from lesions.models.backend import keras, tf
from lesions.params.schema import OnlineParams

Tensor = Any  # a tf.Tensor; TensorFlow ships no types

# Columns of the random numbers of one picture. All are always drawn, so that switching one change on or off leaves the
# others as they were.
FLIP_X, FLIP_Y, ANGLE, SHIFT_X, SHIFT_Y, ZOOM, STRETCH, BRIGHTNESS, CONTRAST, SATURATION, HUE = range(11)


def is_enabled(params: OnlineParams) -> bool:
    """Whether any change is switched on."""
    return _moves(params) or _lights(params)


def augment(pixels: Tensor, params: OnlineParams, seed: int, step: Tensor) -> Tensor:
    """Changed pictures (n, side, side, 3), float32 in [0, 255], from pixels in [0, 255] of any type.

    step: scalar integer tensor, the number of the training step. The same seed, step and n give the same changes.
    Beyond its border a picture goes on as its mirror image.
    """
    pixels = tf.cast(pixels, tf.float32)
    both = tf.stack([tf.constant(seed, tf.int64), tf.cast(step, tf.int64)])
    draws = tf.random.stateless_uniform((tf.shape(pixels)[0], HUE + 1), both, -1.0, 1.0)
    if _moves(params):
        side = pixels.shape[1]
        pixels = keras.ops.image.affine_transform(pixels, _affine(draws, params, side), "bilinear", "reflect")
    if _lights(params):
        pixels = _light(pixels, draws, params)
    return pixels


def _moves(params: OnlineParams) -> bool:
    return params.flip != "none" or any((params.rotation, params.translation, params.zoom, params.stretch))


def _lights(params: OnlineParams) -> bool:
    return any((params.brightness, params.contrast, params.saturation, params.hue))


def _affine(draws: Tensor, params: OnlineParams, side: int) -> Tensor:
    """(n, 8) coefficients that give, for a pixel of the result, the place in the original that it is read from.

    place = turn(angle) * diag(flips / zooms) * (pixel - centre) + centre + shift, all in pixels.
    """
    ones = tf.ones_like(draws[:, 0])
    flip_x = tf.where(draws[:, FLIP_X] < 0, -ones, ones) if params.flip in ("horizontal", "both") else ones
    flip_y = tf.where(draws[:, FLIP_Y] < 0, -ones, ones) if params.flip in ("vertical", "both") else ones
    angle = draws[:, ANGLE] * params.rotation * 2 * math.pi
    zoom, stretch = 1 + draws[:, ZOOM] * params.zoom, 1 + draws[:, STRETCH] * params.stretch
    zoom_x, zoom_y = flip_x * zoom * tf.sqrt(stretch), flip_y * zoom / tf.sqrt(stretch)
    xx, xy = tf.cos(angle) / zoom_x, -tf.sin(angle) / zoom_y
    yx, yy = tf.sin(angle) / zoom_x, tf.cos(angle) / zoom_y
    centre = (side - 1) / 2
    x0 = centre - (xx + xy) * centre + draws[:, SHIFT_X] * params.translation * side
    y0 = centre - (yx + yy) * centre + draws[:, SHIFT_Y] * params.translation * side
    return tf.stack([xx, xy, x0, yx, yy, y0, 0 * ones, 0 * ones], axis=1)


def _light(pixels: Tensor, draws: Tensor, params: OnlineParams) -> Tensor:
    """Contrast, brightness, saturation and hue, in this order; clipped to [0, 255].

    Contrast stretches each channel around its mean over the picture, brightness shifts all channels alike, saturation
    stretches each pixel's colour around its grey, hue turns it around the axis of greys.
    """
    one = (slice(None), None, None, None)
    if params.contrast or params.brightness:
        mean = tf.reduce_mean(pixels, axis=(1, 2), keepdims=True)
        contrast = 1 + draws[:, CONTRAST][one] * params.contrast
        pixels = (pixels - mean) * contrast + mean + draws[:, BRIGHTNESS][one] * params.brightness * 255
    if params.saturation:
        grey = tf.reduce_mean(pixels, axis=3, keepdims=True)
        pixels = (pixels - grey) * (1 + draws[:, SATURATION][one] * params.saturation) + grey
    if params.hue:
        pixels = tf.einsum("nhwc,ndc->nhwd", pixels, _turn_of_colours(draws[:, HUE] * params.hue * 2 * math.pi))
    return tf.clip_by_value(pixels, 0.0, 255.0)


def _turn_of_colours(angle: Tensor) -> Tensor:
    """(n, 3, 3) rotations of (red, green, blue) by angles (n,) around the axis of greys: Rodrigues' formula."""
    cos, sin = tf.cos(angle), tf.sin(angle) / math.sqrt(3)
    same, next_, last = (1 + 2 * cos) / 3, (1 - cos) / 3 - sin, (1 - cos) / 3 + sin
    rows = ((same, next_, last), (last, same, next_), (next_, last, same))
    return tf.stack([tf.stack(row, axis=1) for row in rows], axis=1)
