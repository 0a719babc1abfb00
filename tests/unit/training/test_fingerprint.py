"""The fingerprint: every change that could change the weights changes it, and nothing else does."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from lesions.models.backend import keras
from lesions.params.schema import Params
from lesions.training import fingerprint as module
from lesions.training.checkpoint import Checkpoint, State
from lesions.training.fingerprint import fingerprint, loaded_code
from lesions.training.training_set import Pictures, TrainingData
from tests.unit.small_params import params_with
from tests.unit.trainings import toy_data

CODE = {"lesions/training/online_augmentation.py": "1", "stages/train.py": "2"}


def of(params: Params | None = None, data: TrainingData | None = None, code: dict[str, str] | None = None) -> Any:
    return fingerprint(params or params_with(), data or toy_data(), code or CODE)


def changed(one: dict[str, str], other: dict[str, str]) -> list[str]:
    assert list(one) == list(other)
    return [part for part in one if one[part] != other[part]]


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 4},
        {"seed": 1},
        {"image_size": 33},
        {"model__dropout": 0.21},
        {"model__views": "one"},
        {"model__views": "all"},
        {"rebalance__method": "sampler"},
        {"train__batch_size": 17},
        {"train__learning_rate": 0.0020000001},
        {"train__patience": 1},
        {"train__keep": "best"},
        {"train__online__zoom": 0.11},
    ],
    ids=str,
)
def test_every_param_of_the_training_counts(change: dict[str, Any]) -> None:
    assert changed(of(), of(params_with(**change))) == ["params"]


@pytest.mark.parametrize("change", [{"train__cache": "none"}, {"prepare__folds": 7}, {"evaluate__sheet_pictures": 5}])
def test_what_cannot_change_the_weights_loses_no_run(change: dict[str, Any]) -> None:
    assert changed(of(), of(params_with(**change))) == []


def with_train(pixel: int = 60, label: int = 0) -> TrainingData:
    """The toy pictures with another value for one pixel and for one label."""
    pixels, labels = toy_data().train.pixels[np.arange(60)].copy(), toy_data().train.labels.copy()
    pixels[59, 31, 31, 2], labels[7] = pixel, label
    return toy_data()._replace(train=Pictures(pixels, labels))


@pytest.mark.parametrize(
    "data",
    [
        with_train(pixel=61),
        with_train(label=1),
        with_train()._replace(val=toy_data(per_class=5).train),
        with_train()._replace(classes=["a", "b", "d"]),
        with_train()._replace(loss_weights=np.array([1.0, 1.0, 1.0000001])),
        with_train()._replace(shares=np.ones(3) / 3),
    ],
    ids=["pixel", "label", "validation", "class", "weight", "sampler"],
)
def test_every_picture_and_label_counts(data: TrainingData) -> None:
    assert changed(of(data=with_train()), of(data=data)) == ["pictures"]


def test_every_line_of_code_counts() -> None:
    assert changed(of(), of(code={**CODE, "lesions/training/online_augmentation.py": "3"})) == ["code"]
    assert changed(of(), of(code={**CODE, "lesions/new.py": "1"})) == ["code"]


def test_the_machine_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """With another number of cores or another TensorFlow, the last bits differ: it would be neither run's result."""
    before = of()
    monkeypatch.setattr(module, "available_cores", lambda: 1000)
    assert changed(before, of()) == ["machine or library versions"]
    monkeypatch.undo()
    monkeypatch.setattr(keras, "__version__", "0")
    assert changed(before, of()) == ["machine or library versions"]


@pytest.mark.parametrize(
    ("switch", "value"), [("TF_ENABLE_ONEDNN_OPTS", "0"), ("ONEDNN_MAX_CPU_ISA", "SSE41"), ("DNNL_MAX_CPU_ISA", "AVX2")]
)
def test_a_training_never_goes_on_with_other_instructions_unnoticed(
    switch: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other kernels sum in another order: half a training of each would be a result that nobody can repeat."""
    monkeypatch.delenv(switch, raising=False)
    before = of()
    Checkpoint(tmp_path, before).save(State([{"loss": 1.0}], [np.ones(1)], [np.ones(1)], []))
    assert Checkpoint(tmp_path, of()).note.startswith("training resumes after epoch 1")
    monkeypatch.setenv(switch, value)
    assert changed(before, of()) == ["instruction sets"]
    other = Checkpoint(tmp_path, of())
    assert other.state is None
    assert other.note.endswith("differs in its instruction sets")


def test_the_processor_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder on a shared disk may be taken up on another machine."""
    before = of()
    monkeypatch.setattr(module, "CPU_FLAGS", Path("/nowhere"))
    monkeypatch.setattr("platform.processor", lambda: "another")
    assert changed(before, of()) == ["instruction sets"]


def test_the_content_of_a_weights_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    path.write_bytes(b"1")
    params = params_with(model__name="MobileNetV2", model__weights=str(path))
    before = of(params)
    path.write_bytes(b"2")
    assert changed(before, of(params)) == ["pretrained weights"]


def test_the_code_is_that_of_the_project_alone_and_as_it_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = loaded_code()
    assert {"lesions/training/fingerprint.py", "lesions/params/schema.py", "lesions/training/training_set.py"} <= set(
        found
    )
    assert all(name.startswith(("lesions/", "stages/")) for name in found)
    fake = tmp_path / "lesions" / "fake.py"
    fake.parent.mkdir()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    loaded = ModuleType("lesions.fake")
    loaded.__file__ = str(fake)
    monkeypatch.setitem(sys.modules, "lesions.fake", loaded)
    fake.write_text("x = 1\n")
    first = loaded_code()
    fake.write_text("x = 2\n")
    assert list(first) == ["lesions/fake.py"]
    assert loaded_code() != first
