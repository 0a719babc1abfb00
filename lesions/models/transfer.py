"""Transfer learning: the networks of keras.applications with a new head, first frozen, then fine-tuned; and our own
networks, which start from the weights of an earlier training.

Base and head make one flat network, so that each layer can be accessed: the input of layer "pool" is the last feature
map. Each network's own preprocessing is inside: pixels in [0, 255] go in.
"""

import re
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lesions.models.backend import keras
from lesions.models.efficientnet_lite0 import set_imagenet_weights
from lesions.models.networks import BN_MOMENTUM, LOGITS, NETWORKS, POOL, PROBABILITIES, build_model, dropout
from lesions.models.predict import load_model
from lesions.params.network_names import LITE0_PACKAGE
from lesions.params.schema import PRETRAINED_WEIGHTS, ModelParams
from lesions.runtime.console import UserError

PRETRAINED = Path("models/pretrained")  # files with weights, downloaded by hand; DVC tracks the folder
DOWNLOAD_TIMEOUT = 30  # seconds
DOWNLOAD_HINT = "fetch {url} on another computer, put it into {folder} and set model.weights: {folder}/{file}"


def build_network(params: ModelParams, n_classes: int, image_size: int) -> keras.Model:
    """The network of model.name, as networks.build_model describes it, with its initial weights.

    model.batch_norm is for our own networks. Raises UserError where the pictures are too small or the weights are
    missing, damaged or another network's.
    """
    if params.name in NETWORKS:
        model = build_model(params, n_classes, image_size)
        if params.initial_weights == LITE0_PACKAGE:
            set_imagenet_weights(model)
        elif params.initial_weights != "none":
            _load_earlier_weights(model, Path(params.initial_weights))
        return model
    network = getattr(keras.applications, params.name)
    shape = (image_size, image_size, 3)
    pixels = keras.Input(shape, name="pixels")
    preprocessed = sys.modules[network.__module__].preprocess_input(pixels)  # some do it inside; theirs changes nothing
    with _errors_as_user_errors(params):
        base = network(include_top=False, weights=_weights(params), input_tensor=preprocessed, input_shape=shape)
    if params.initial_weights == "none":
        _set_batch_norm_momentum(base)
    x = keras.layers.GlobalAveragePooling2D(name=POOL)(base.output)
    logits = keras.layers.Dense(n_classes, name=LOGITS)(dropout(x, "dropout", params))
    return keras.Model(pixels, keras.layers.Softmax(name=PROBABILITIES)(logits), name=params.name)


def _set_batch_norm_momentum(base: keras.Model) -> None:
    """The momentum of our own networks: that of keras.applications is made for long epochs."""
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BN_MOMENTUM


def _weights(params: ModelParams) -> str | None:
    if params.initial_weights in ("none", "imagenet"):
        return None if params.initial_weights == "none" else "imagenet"
    _require_file(Path(params.initial_weights), "or set imagenet")
    return params.initial_weights


def _require_file(path: Path, alternative: str) -> None:
    if not path.is_file():
        raise UserError(f"params.yaml: model.weights: there is no file {path}: put it there, {alternative}")
    if path != PRETRAINED_WEIGHTS and not path.resolve().is_relative_to(PRETRAINED.resolve()):
        print(f"warning: DVC sees changes of {path} only if it lies in {PRETRAINED}")


def _load_earlier_weights(model: keras.Model, path: Path) -> None:
    """Load all weights of an earlier training but those of the last layer, whose classes may differ."""
    _require_file(path, "or set none")
    earlier = {layer.name: layer for layer in load_model(path).layers}
    for layer in model.layers:
        if layer.name == LOGITS or not layer.weights:
            continue
        source = earlier.get(layer.name)
        source_weights = source.get_weights() if source else []
        if [weights.shape for weights in source_weights] != [tuple(weights.shape) for weights in layer.weights]:
            raise UserError(
                f"params.yaml: model.weights: {path} does not fit {model.name} as params.yaml has it ({layer.name} "
                f"differs): take a file that was trained with the same name, batch_norm and, where the "
                f"network flattens, image_size; or set none"
            )
        layer.set_weights(source_weights)


@contextmanager
def _errors_as_user_errors(params: ModelParams) -> Iterator[None]:
    """Turn Keras' exceptions in building a network and loading its weights into one line on what to do."""
    previous_timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Skipping nested container")  # hundreds, before the exception
            yield
    except UserError:
        raise
    except Exception as error:  # Keras raises the base class itself where a download fails
        raise UserError(_error_message(params, error)) from error
    finally:
        socket.setdefaulttimeout(previous_timeout)


def _error_message(params: ModelParams, error: Exception) -> str:
    text = str(error)
    if match := re.match(r"URL fetch failure on (\S+): (?:None -- )?(.*)", text):
        how = DOWNLOAD_HINT.format(url=match[1], folder=PRETRAINED, file=match[1].rpartition("/")[2])
        return f"params.yaml: model.weights: imagenet cannot be downloaded ({match[2]}): {how}"
    if match := re.search(r"Input size must be at least (\d+)", text):
        return (
            f"params.yaml: model.name: {params.name} needs pictures of at least {match[1]} pixels a side: "
            "raise image_size or take another network"
        )
    reason = (text.strip() or type(error).__name__).splitlines()[0]
    if params.weights == "none":
        return f"params.yaml: model.name: {params.name} cannot be built ({reason})"
    return (
        f"params.yaml: model.weights: {params.weights} cannot be loaded into {params.name} ({reason}): take weights of "
        f"{params.name} without its top, as keras.applications writes them"
    )
