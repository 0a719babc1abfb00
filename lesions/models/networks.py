"""The networks: pixels in, logits and probabilities out; and the file of a trained network."""

import re
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from lesions.models import efficientnet_lite0
from lesions.models.backend import keras
from lesions.params.schema import ModelParams
from lesions.runtime.console import UserError
from lesions.runtime.outputs import write_archive

layers = keras.layers

LOGITS, PROBABILITIES = "logits", "probabilities"  # names of the last two layers of every network
POOL = "pool"  # the layer that averages the last feature map over the picture, in networks that have one
BN_MOMENTUM = 0.9  # Keras' .99 lags by hundreds of steps, and some data sets have ten steps an epoch


class Architecture(NamedTuple):
    """A function from pixels to the last features of a network, and the smallest side (pixels) it works with."""

    features: Callable[[Any, ModelParams], Any]
    smallest: int


def build_model(params: ModelParams, n_classes: int, image_size: int) -> keras.Model:
    """An untrained network: pixels (n, image_size, image_size, 3) in [0, 255] to probabilities (n, n_classes).

    Pixels are rescaled inside. The last two layers are "logits" (linear) and "probabilities" (their softmax), so that
    both can be read. Weights are drawn from the seed of keras.utils.set_random_seed.
    Raises UserError where the pictures are so small that a feature map would vanish.
    """
    network = NETWORKS[params.name]
    if image_size < network.smallest:
        raise UserError(
            f"params.yaml: model.name: {params.name} needs pictures of at least {network.smallest} pixels a side, "
            f"image_size is {image_size}: raise image_size or take another network"
        )
    pixels = keras.Input((image_size, image_size, 3), name="pixels")
    logits = layers.Dense(n_classes, name=LOGITS)(network.features(pixels, params))
    return keras.Model(pixels, layers.Softmax(name=PROBABILITIES)(logits), name=params.name)


def logits_network(model: keras.Model) -> keras.Model:
    """The same network, of the same layers and weights, up to its logits (n, n_classes)."""
    return keras.Model(model.input, model.get_layer(LOGITS).output, name=model.name)


def dropout(x: Any, name: str, params: ModelParams) -> Any:
    """The layer, or nothing where its rate is zero."""
    return layers.Dropout(params.dropout, name=name)(x) if params.dropout else x


def save_model(model: keras.Model, path: Path) -> None:
    """Write the network as a Keras file at path: whole or not at all, and the same bytes for the same weights.

    Keras writes the time of saving and addresses in memory into the archive; they are replaced here.
    """
    with tempfile.TemporaryDirectory() as folder:
        dated = Path(folder) / "model.keras"  # Keras refuses any other suffix, so also that of a partial file
        model.save(dated)
        with zipfile.ZipFile(dated) as source:
            files = {name: source.read(name) for name in source.namelist()}
    texts = {name: _reproducible_json(content.decode()) for name, content in files.items() if name.endswith(".json")}
    write_archive(path, files | {name: text.encode() for name, text in texts.items()})


def _reproducible_json(text: str) -> str:
    """The JSON of a Keras archive with a fixed date, and its objects numbered in order instead of by address."""
    ids: dict[str, int] = {}

    def renumbered(match: re.Match[str]) -> str:
        return f"{match[1]}{ids.setdefault(match[2], len(ids))}"

    text = re.sub(r'("shared_object_id": )(\d+)', renumbered, text)
    return re.sub(r'("date_saved": )"[^"]*"', r'\1"1980-01-01@00:00:00"', text)


def _lesion_net(pixels: Any, params: ModelParams) -> Any:
    """A residual network (He et al., 2016) for two processor cores; its maps are 16 x 16 at most, at 64 pixels."""
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(pixels)
    x = _convolution(x, 32, "stem", params, side=5, stride=2)
    x = layers.MaxPooling2D(3, 2, padding="same", name="stem_pool")(x)
    for stage, filters in enumerate((32, 64, 128), start=1):
        x = _residual_block(x, filters, f"stage{stage}", params, stride=1 if stage == 1 else 2)
    x = layers.GlobalAveragePooling2D(name=POOL)(x)
    return dropout(x, "dropout", params)


def _efficientnet_lite0(pixels: Any, params: ModelParams) -> Any:
    """A published network (see its module), normalised in any case."""
    x = layers.GlobalAveragePooling2D(name=POOL)(efficientnet_lite0.features(pixels))
    return dropout(x, "dropout", params)


def _isic_cnn(pixels: Any, params: ModelParams) -> Any:
    """The network of the notebooks on the nine-class ISIC set, at 180 pixels; theirs has batch_norm: false."""
    x = layers.Rescaling(1 / 255, name="rescaling")(pixels)
    for block, filters in enumerate((32, 64, 128), start=1):
        x = _convolution(x, filters, f"block{block}", params, padding="valid")
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
    x = dropout(x, "dropout", params)
    x = layers.Flatten(name="flatten")(x)
    return layers.Dense(128, activation="relu", name="dense")(x)


def _ham_cnn(pixels: Any, params: ModelParams) -> Any:
    """The network of the notebooks on HAM10000, at 100 x 75 pixels; theirs has batch_norm: false."""
    x = layers.Rescaling(1 / 255, name="rescaling")(pixels)
    for block, filters in enumerate((32, 64), start=1):
        for half in "ab":
            x = _convolution(x, filters, f"block{block}{half}", params)
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
        x = dropout(x, f"block{block}_dropout", params)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(128, activation="relu", name="dense")(x)
    return dropout(x, "dropout", params)


NETWORKS = {
    "lesion_net": Architecture(_lesion_net, smallest=1),
    # Each unpadded 3x3 takes 2 pixels, each pooling halves: 22 leave 1
    "isic_cnn": Architecture(_isic_cnn, smallest=22),
    "ham_cnn": Architecture(_ham_cnn, smallest=4),
    "efficientnet_lite0": Architecture(_efficientnet_lite0, smallest=1),
}


def _residual_block(x: Any, filters: int, name: str, params: ModelParams, stride: int) -> Any:
    """Two 3x3 convolutions beside a shortcut, which is a 1x1 convolution where the shape changes."""
    shortcut = x
    if stride != 1 or x.shape[-1] != filters:
        shortcut = _convolution(x, filters, f"{name}_shortcut", params, side=1, stride=stride, relu=False)
    x = _convolution(x, filters, f"{name}a", params, stride=stride)
    x = _convolution(x, filters, f"{name}b", params, relu=False)
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([shortcut, x]))


def _convolution(
    x: Any,
    filters: int,
    name: str,
    params: ModelParams,
    side: int = 3,
    stride: int = 1,
    padding: str = "same",
    relu: bool = True,
) -> Any:
    """Convolution, normalisation where it is on (its shift then makes a bias redundant), ReLU."""
    x = layers.Conv2D(filters, side, stride, padding, use_bias=not params.batch_norm, name=f"{name}_conv")(x)
    if params.batch_norm:
        x = layers.BatchNormalization(momentum=BN_MOMENTUM, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x) if relu else x
