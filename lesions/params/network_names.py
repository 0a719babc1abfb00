"""The names that model.name may have. Looking them up in Keras would import TensorFlow, which takes seconds."""

import difflib

OURS_SUFFIX = ".keras"  # of files that the train stage writes

OWN = ("lesion_net", "isic_cnn", "ham_cnn")  # of lesions/models/networks.py
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
    """The key under `model` that is wrong and what is wrong with it, or None: model.name and model.weights."""
    if name not in OWN + APPLICATIONS:
        close = difflib.get_close_matches(name, OWN + APPLICATIONS, n=1)
        hint = f"did you mean {close[0]}?" if close else f"allowed: {', '.join(OWN + APPLICATIONS)}"
        return "name", f"{name!r} is wrong, {hint}"
    if name in OWN and weights not in ("none", "auto") and not weights.endswith(OURS_SUFFIX):
        return (
            "weights",
            f"{weights!r} is wrong, allowed for {name}: none, auto or an earlier model.keras of it",
        )
    return None
