"""A trained network that sees every picture from eight sides: skin has no top and no left.

The last feature maps of the eight views are turned back and averaged, so that the map still shows where each feature
is; and because one linear layer follows on the mean of that map, the logits are the mean of the views' logits.
"""

from typing import Any

from lesions.backend import keras
from lesions.models import LOGITS, POOL, PROBABILITIES

layers, ops = keras.layers, keras.ops

ROWS, COLUMNS = 1, 2  # axes of (n, rows, columns, channels)
TRANSPOSED = (0, COLUMNS, ROWS, 3)
VIEWS = 8  # of a square


def seen_from_all_sides(model: keras.Model) -> keras.Model:
    """The same network, of the same layers and weights, on all views of each picture; the model itself if it flattens.

    model: as of lesions.transfer.build_network(). Made of Keras' own layers, so that any Keras reads its file. To be
    saved: asked for their outputs, the layers go on to name those of the model that they were first in.
    """
    if POOL not in [layer.name for layer in model.layers]:
        return model  # flattened features have no sides
    pixels = keras.Input(model.input_shape[1:], name="pixels")
    stacked = ops.concatenate(_views(pixels), axis=0)  # (VIEWS * n, rows, columns, channels)
    maps = keras.Model(model.input, model.get_layer(POOL).input).call(stacked)  # call(): its layers, not it as a layer
    of_view = ops.reshape(maps, (VIEWS, -1, *maps.shape[1:]))
    mean = layers.Average(name="views")([_turned_back(of_view[view], view) for view in range(VIEWS)])
    logits = model.get_layer(LOGITS)(model.get_layer(POOL)(mean))  # dropout between them is for training alone
    return keras.Model(pixels, layers.Softmax(name=PROBABILITIES)(logits), name=model.name)


def _views(pixels: Any) -> list[Any]:
    """(n, side, side, channels) as it is and transposed, each upright and upside down, each plain and mirrored."""
    sides = [pixels, ops.transpose(pixels, TRANSPOSED)]
    sides += [ops.flip(side, ROWS) for side in sides]
    return sides + [ops.flip(side, COLUMNS) for side in sides]


def _turned_back(maps: Any, view: int) -> Any:
    """What _views() did to its view of that number, undone in the opposite order."""
    mirrored, upside_down, transposed = view & 4, view & 2, view & 1
    maps = ops.flip(maps, COLUMNS) if mirrored else maps
    maps = ops.flip(maps, ROWS) if upside_down else maps
    return ops.transpose(maps, TRANSPOSED) if transposed else maps
