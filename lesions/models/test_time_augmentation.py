"""A trained network that sees every picture from several sides, and nearer too: skin has no top, no left and no scale.

The last feature maps of all views are turned back and averaged, so that the map still shows where each feature is; and
because one linear layer follows on the mean of that map, the logits are the mean of the views' logits. The map of the
enlarged middle is not made smaller again: it is off by a sixteenth of the side at most.
"""

from typing import Any

from lesions.models.backend import keras
from lesions.models.networks import LOGITS, POOL, PROBABILITIES
from lesions.params.schema import Views

layers, ops = keras.layers, keras.ops

ROWS, COLUMNS = 1, 2  # axes of (n, rows, columns, channels)
TRANSPOSE = (0, COLUMNS, ROWS, 3)
TRANSPOSED, UPSIDE_DOWN, MIRRORED = 1, 2, 4  # what is done, in this order, to make the view of that number
ALL = tuple(range(8))
TURNED = (0, TRANSPOSED + UPSIDE_DOWN, TRANSPOSED + MIRRORED, UPSIDE_DOWN + MIRRORED)  # by quarters, none mirrored
EDGE = 16  # that part of the side is cut off all round for the nearer views


def with_test_time_augmentation(views: Views, model: keras.Model) -> keras.Model:
    """The same network, of the same layers and weights, on several views of each picture; itself if it flattens.

    views: one (as it lies: the model itself), all (also turned and mirrored: eight), zoomed (turned, and its middle as
    well: eight, too; in docs/recipe.md what each of them gains).
    model: as of transfer.build_network(). Made of Keras' own layers, so that any Keras reads its file. To be
    saved: asked for their outputs, the layers go on to name those of the model that they were first in.
    """
    if views == "one" or POOL not in [layer.name for layer in model.layers]:
        return model  # flattened features have no sides
    pixels = keras.Input(model.input_shape[1:], name="pixels")
    sources, numbers = ([pixels], ALL) if views == "all" else ([pixels, _nearer(pixels)], TURNED)
    seen = [view(source, number) for source in sources for number in numbers]
    stacked = ops.concatenate(seen, axis=0)  # (views * n, rows, columns, channels)
    maps = keras.Model(model.input, model.get_layer(POOL).input).call(stacked)  # call(): its layers, not it as a layer
    of_view = ops.reshape(maps, (len(seen), -1, *maps.shape[1:]))
    upright = [_turned_back(of_view[k], number) for k, number in enumerate(numbers * len(sources))]
    mean = layers.Average(name="views")(upright)
    logits = model.get_layer(LOGITS)(model.get_layer(POOL)(mean))  # dropout between them is for training alone
    return keras.Model(pixels, layers.Softmax(name=PROBABILITIES)(logits), name=model.name)


def view(pixels: Any, number: int) -> Any:
    """(n, side, side, channels) in the view of that number, one of ALL; 0 is as it lies."""
    pixels = ops.transpose(pixels, TRANSPOSE) if number & TRANSPOSED else pixels
    pixels = ops.flip(pixels, ROWS) if number & UPSIDE_DOWN else pixels
    return ops.flip(pixels, COLUMNS) if number & MIRRORED else pixels


def _nearer(pixels: Any) -> Any:
    """The middle of (n, side, side, channels), as large as the whole."""
    side = pixels.shape[1]
    return layers.Resizing(side, side, name="enlarged")(layers.Cropping2D(side // EDGE, name="middle")(pixels))


def _turned_back(maps: Any, number: int) -> Any:
    """What view() did, undone in the opposite order."""
    maps = ops.flip(maps, COLUMNS) if number & MIRRORED else maps
    maps = ops.flip(maps, ROWS) if number & UPSIDE_DOWN else maps
    return ops.transpose(maps, TRANSPOSE) if number & TRANSPOSED else maps
