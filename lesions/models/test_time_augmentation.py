"""Test-time augmentation inside the network: rotations, reflections and a zoom, since skin has no top and no scale.

The last feature maps of all views are transformed back and averaged, so that the map still shows where each feature is;
and because one linear layer follows on the mean of that map, the logits are the mean of the views' logits. The map of
the zoomed view is not made smaller again: it is off by a sixteenth of the side at most.
"""

from typing import Any

from lesions.models.backend import keras
from lesions.models.networks import LOGITS, POOL, PROBABILITIES
from lesions.params.schema import Views

layers, ops = keras.layers, keras.ops

ROWS, COLUMNS = 1, 2  # axes of (n, rows, columns, channels)
TRANSPOSE = (0, COLUMNS, ROWS, 3)
TRANSPOSE_BIT, FLIP_ROWS_BIT, FLIP_COLUMNS_BIT = 1, 2, 4  # bits of a view's number: transformations, in this order
DIHEDRAL = tuple(range(8))
ROTATIONS = (0, TRANSPOSE_BIT + FLIP_ROWS_BIT, TRANSPOSE_BIT + FLIP_COLUMNS_BIT, FLIP_ROWS_BIT + FLIP_COLUMNS_BIT)
CROP_DIVISOR = 16  # side / CROP_DIVISOR is cut off on each side for the zoomed views


def with_test_time_augmentation(views: Views, model: keras.Model) -> keras.Model:
    """The same layers and weights on several views of each picture; the network itself where it has no pooling layer.

    views: one (the model itself), all (eight rotations and reflections), zoomed (four rotations, of the picture and of
    its enlarged middle; docs/recipe.md has the gain of each).
    model: as of transfer.build_network(). Made of Keras' own layers, so that any Keras reads its file. Save and
    load it before use: until then, layer.output of its layers is a tensor of the given model.
    """
    if views == "one" or POOL not in [layer.name for layer in model.layers]:
        return model  # flattened features cannot be transformed back
    pixels = keras.Input(model.input_shape[1:], name="pixels")
    sources, numbers = ([pixels], DIHEDRAL) if views == "all" else ([pixels, _zoomed(pixels)], ROTATIONS)
    augmented = [view(source, number) for source in sources for number in numbers]
    batch = ops.concatenate(augmented, axis=0)  # (views * n, rows, columns, channels)
    feature_extractor = keras.Model(model.input, model.get_layer(POOL).input)
    maps = feature_extractor.call(batch)  # call(): the layers themselves, not the model as one layer
    view_maps = ops.reshape(maps, (len(augmented), -1, *maps.shape[1:]))
    aligned = [_inverse_view(view_maps[k], number) for k, number in enumerate(numbers * len(sources))]
    mean = layers.Average(name="views")(aligned)
    logits = model.get_layer(LOGITS)(model.get_layer(POOL)(mean))  # dropout between them is for training alone
    return keras.Model(pixels, layers.Softmax(name=PROBABILITIES)(logits), name=model.name)


def view(pixels: Any, number: int) -> Any:
    """(n, side, side, channels) in the view of that number, one of DIHEDRAL; 0 is the identity."""
    pixels = ops.transpose(pixels, TRANSPOSE) if number & TRANSPOSE_BIT else pixels
    pixels = ops.flip(pixels, ROWS) if number & FLIP_ROWS_BIT else pixels
    return ops.flip(pixels, COLUMNS) if number & FLIP_COLUMNS_BIT else pixels


def _zoomed(pixels: Any) -> Any:
    """The middle of (n, side, side, channels), as large as the whole."""
    side = pixels.shape[1]
    return layers.Resizing(side, side, name="enlarged")(layers.Cropping2D(side // CROP_DIVISOR, name="middle")(pixels))


def _inverse_view(maps: Any, number: int) -> Any:
    """The inverse of view()."""
    maps = ops.flip(maps, COLUMNS) if number & FLIP_COLUMNS_BIT else maps
    maps = ops.flip(maps, ROWS) if number & FLIP_ROWS_BIT else maps
    return ops.transpose(maps, TRANSPOSE) if number & TRANSPOSE_BIT else maps
