"""The names of networks in the schema are those that Keras and this project know."""

from pathlib import Path

import pytest
import yaml

from lesions.models.backend import keras
from lesions.models.networks import NETWORKS
from lesions.params.network_names import APPLICATIONS, OWN_NETWORKS
from lesions.params.schema import load_params
from lesions.runtime.console import UserError
from tests.imports import REPOSITORY


def test_the_lists_are_complete() -> None:
    """A new Keras may bring networks that params.yaml would refuse, or drop some that it would let through."""
    found = {name for name, value in vars(keras.applications).items() if callable(value) and name[0].isupper()}
    assert set(APPLICATIONS) == found
    assert set(OWN_NETWORKS) == set(NETWORKS)


@pytest.mark.parametrize(
    ("name", "weights", "message"),
    [
        ("MobileNetV3small", "none", "model.name: 'MobileNetV3small' is wrong, did you mean MobileNetV3Small?"),
        ("resnet", "none", "model.name: 'resnet' is wrong"),
        ("lesion_net", "imagenet", "model.weights: 'imagenet' is wrong, allowed for lesion_net: none, auto or an"),
        ("ham_cnn", "models/pretrained/vgg16.h5", "model.weights: .* is wrong, allowed for ham_cnn: none, auto or an"),
    ],
)
def test_what_does_not_exist_is_told_with_what_does(tmp_path: Path, name: str, weights: str, message: str) -> None:
    params = yaml.safe_load((REPOSITORY / "params.yaml").read_text(encoding="utf-8"))
    params["model"].update(name=name, weights=weights)
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(params), encoding="utf-8")
    with pytest.raises(UserError, match=message.replace("?", r"\?")):
        load_params(path)
    params["model"].update(name="MobileNetV3Small", weights="imagenet")
    path.write_text(yaml.safe_dump(params), encoding="utf-8")
    assert load_params(path).model.name == "MobileNetV3Small"
