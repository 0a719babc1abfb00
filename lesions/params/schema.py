"""The schema of params.yaml: every key, its type and its limits. No defaults: values live in params.yaml alone.

`python -m lesions.params` checks the file and prints all mistakes at once, each as `params.yaml:LINE:COL: key: ...`.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lesions.params.mistakes import describe, error_at
from lesions.params.network_names import LITE0_PACKAGE, check_network
from lesions.params.yaml_places import in_order, read_yaml, repeated_keys
from lesions.runtime.console import UserError, run

PARAMS_FILE = "params.yaml"

# See the README beside it
PRETRAINED_WEIGHTS = Path(__file__).resolve().parents[2] / "models/pretrained/lesion_net.keras"
MOST_HELD_OUT = 0.8  # share of the pictures in test and validation together

CLASSES = ("keep", "melanoma_or_not", "malignant_or_benign", "seven")  # ready-made maps of lesions/data/diagnoses.py

Fraction = Annotated[float, Field(ge=0.05, le=0.5)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Share = Annotated[float, Field(ge=0, le=0.5)]
Views = Literal["one", "all", "zoomed"]


class Strict(BaseModel):
    """No unknown key, no silent conversion, no change after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class PrepareParams(Strict):
    """How raw pictures become a manifest with splits."""

    layout: Literal[
        "auto", "class_folders", "ham10000", "isic2016", "isic2017", "isic2018", "isic2019", "siim2020", "isic2024",
        "milk10k", "pad_ufes_20", "ph2", "isic_archive", "joined",
    ]  # fmt: skip
    classes: str | dict[str, str | None]
    modality: Literal["auto", "dermoscopy", "clinical", "total_body", "all"]
    min_side: int = Field(ge=1)
    color_constancy: Literal["none", "shades_of_gray"]
    min_class_groups: int = Field(ge=3)
    label_conflicts: Literal["official", "drop", "keep", "error"]
    test: Literal["fraction", "official", "fold"]
    test_fraction: Fraction
    val_fraction: Fraction
    folds: int = Field(ge=2, le=20)
    fold: int = Field(ge=0)
    split_seed: Seed

    @field_validator("classes", mode="before")
    @classmethod
    def _classes_are_known(cls, value: object) -> object:
        is_map = isinstance(value, dict) and all(
            isinstance(old, str) and isinstance(new, str | None) for old, new in value.items()
        )
        if not is_map and value not in CLASSES:
            raise error_at(
                "", f"{value!r} is wrong, allowed: {', '.join(CLASSES)}, or a map {{old: new, unwanted: null}}"
            )
        return value

    @model_validator(mode="after")
    def _splits_exist(self) -> Self:
        if self.test == "fraction" and self.test_fraction + self.val_fraction > MOST_HELD_OUT:
            text = f"{self.val_fraction} and test_fraction {self.test_fraction} leave too little for training"
            raise error_at("val_fraction", f"{text}, allowed: at most {MOST_HELD_OUT} together")
        if self.fold >= self.folds:
            raise error_at("fold", f"there is no fold {self.fold} of {self.folds}, allowed: 0 to {self.folds - 1}")
        return self


class RebalanceParams(Strict):
    """How much each class should weigh in training."""

    method: Literal["augment", "sampler", "weights", "none"]
    target: Literal["match_majority", "sqrt", "fixed", "none"]
    per_class: int = Field(ge=1)
    cap: Annotated[float, Field(ge=1)] | None


class AugmentParams(Strict):
    """Which Augmentor operations make the new training pictures."""

    operations: dict[str, dict[str, Any]]
    sheet_rows: int = Field(ge=1, le=10)

    @model_validator(mode="after")
    def _operations_exist(self) -> Self:
        # Augmentor is only imported where operations are used
        from lesions.augmentation.operation_checks import check_operation

        for name, arguments in self.operations.items():
            if mistake := check_operation(name, arguments):
                raise error_at(f"operations.{name}", mistake)
        return self


class ModelParams(Strict):
    """Which network is trained."""

    name: str
    views: Views
    batch_norm: bool
    dropout: float = Field(ge=0, le=0.9)
    weights: str = Field(min_length=1)
    frozen_epochs: int = Field(ge=0)
    fine_tune_rate: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _network_is_known(self) -> Self:
        if mistake := check_network(self.name, self.weights):
            raise error_at(*mistake)
        return self

    @property
    def initial_weights(self) -> str:
        """The weights before training: none, imagenet, a file, or the package that holds them.

        auto is a file only for lesion_net with batch_norm, and the package only for efficientnet_lite0.
        """
        if self.weights != "auto":
            return self.weights
        if self.name == "efficientnet_lite0":
            return LITE0_PACKAGE
        fits = self.name == "lesion_net" and self.batch_norm
        return str(PRETRAINED_WEIGHTS) if fits else "none"


class OnlineParams(Strict):
    """Random changes of the training pictures, fresh at every step."""

    flip: Literal["none", "horizontal", "vertical", "both"]
    rotation: Share
    translation: Share
    zoom: Share
    stretch: Share
    brightness: float = Field(ge=0, le=1)
    contrast: float = Field(ge=0, le=1)
    saturation: float = Field(ge=0, le=1)
    hue: Share


class TrainParams(Strict):
    """How the network is trained."""

    batch_size: int = Field(ge=1, le=1024)
    optimizer: Literal["sgd", "adam", "adamw", "rmsprop", "adagrad"]
    learning_rate: float = Field(gt=0, le=1)
    schedule: Literal["constant", "cosine"]
    warmup: Share
    weight_decay: float = Field(ge=0, le=1)
    label_smoothing: float = Field(ge=0, le=0.5)
    sharpness: float = Field(ge=0, le=1)
    monitor: Literal["val_loss", "val_accuracy", "val_balanced_accuracy"]
    keep: Literal["best", "last"]
    patience: int = Field(ge=0)
    deterministic: bool
    cache: Literal["auto", "memory", "none"]
    online: OnlineParams


class EvaluateParams(Strict):
    """The target of the operating points, and the size of the contact sheets."""

    target_sensitivity: float = Field(ge=0.5, le=0.99)
    sheet_pictures: int = Field(ge=4, le=36)


class Params(Strict):
    """The whole of params.yaml."""

    dataset: str = Field(min_length=1)
    labels: str = Field(min_length=1)
    image_size: int = Field(ge=32, le=512)
    seed: Seed
    epochs: int = Field(ge=1, le=10_000)
    prepare: PrepareParams
    rebalance: RebalanceParams
    augment: AugmentParams
    model: ModelParams
    train: TrainParams
    evaluate: EvaluateParams


def load_params(path: str | Path = PARAMS_FILE) -> Params:
    """Read and check the whole file. Raises UserError that lists every mistake with its line and column."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); run this in the folder that holds {PARAMS_FILE}") from None
    content, root = read_yaml(path, text)
    mistakes = repeated_keys(root)
    try:
        params = Params.model_validate(content)
    except ValidationError as error:
        mistakes += [describe(root, Params, dict(item)) for item in error.errors()]
    if mistakes:
        raise UserError(in_order(path, mistakes))
    return params


def main() -> None:
    """Check params.yaml in the current folder."""
    load_params()


if __name__ == "__main__":
    run(main, recovery_hint="Nothing was run.")
