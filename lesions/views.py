"""A trained network that sees every picture from eight sides, and nearer too: skin has no top, no left and no scale.

The last feature maps of all views are turned back and averaged, so that the map still shows where each feature is; and
because one linear layer follows on the mean of that map, the logits are the mean of the views' logits. The map of the
enlarged middle is not made smaller again: it is off by a sixteenth of the side at most.
"""

from typing import Any

from lesions.backend import keras
from lesions.models import LOGITS, POOL, PROBABILITIES
from lesions.params import Views

layers, ops = keras.layers, keras.ops

ROWS, COLUMNS = 1, 2  # axes of (n, rows, columns, channels)
TRANSPOSED = (0, COLUMNS, ROWS, 3)
VIEWS = 8  # of a square
EDGE = 16  # that part of the side is cut off all round for the nearer views


def seen_in(views: Views, model: keras.Model) -> keras.Model:
    """The same network, of the same layers and weights, on several views of each picture; itself if it flattens.

    views: one (as it lies: the model itself), all (also turned and mirrored: eight), zoomed (also its middle: sixteen).
    model: as of lesions.transfer.build_network(). Made of Keras' own layers, so that any Keras reads its file. To be
    saved: asked for their outputs, the layers go on to name those of the model that they were first in.
    """
    if views == "one" or POOL not in [layer.name for layer in model.layers]:
        return model  # flattened features have no sides
    pixels = keras.Input(model.input_shape[1:], name="pixels")
    seen = views_of(pixels) + (views_of(_nearer(pixels)) if views == "zoomed" else [])
    stacked = ops.concatenate(seen, axis=0)  # (views * n, rows, columns, channels)
    maps = keras.Model(model.input, model.get_layer(POOL).input).call(stacked)  # call(): its layers, not it as a layer
    of_view = ops.reshape(maps, (len(seen), -1, *maps.shape[1:]))
    mean = layers.Average(name="views")([_turned_back(of_view[view], view) for view in range(len(seen))])
    logits = model.get_layer(LOGITS)(model.get_layer(POOL)(mean))  # dropout between them is for training alone
    return keras.Model(pixels, layers.Softmax(name=PROBABILITIES)(logits), name=model.name)


def views_of(pixels: Any) -> list[Any]:
    """(n, side, side, channels) as it is and transposed, each upright and upside down, each plain and mirrored."""
    sides = [pixels, ops.transpose(pixels, TRANSPOSED)]
    sides += [ops.flip(side, ROWS) for side in sides]
    return sides + [ops.flip(side, COLUMNS) for side in sides]


def _nearer(pixels: Any) -> Any:
    """The middle of (n, side, side, channels), as large as the whole."""
    side = pixels.shape[1]
    return layers.Resizing(side, side, name="enlarged")(layers.Cropping2D(side // EDGE, name="middle")(pixels))


def _turned_back(maps: Any, view: int) -> Any:
    """What views_of() did to its view of that number, undone in the opposite order."""
    mirrored, upside_down, transposed = view & 4, view & 2, view & 1
    maps = ops.flip(maps, COLUMNS) if mirrored else maps
    maps = ops.flip(maps, ROWS) if upside_down else maps
    return ops.transpose(maps, TRANSPOSED) if transposed else maps
