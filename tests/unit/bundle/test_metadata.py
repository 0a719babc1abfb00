"""Metadata of a bundle: what is written is read, and the light reader takes and refuses what pydantic does."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from lesions.bundle.metadata import read_metadata, typed
from lesions.data.results.bundle import (
    FORMAT,
    BundleMetadata,
    ClassMetadata,
    DataSummary,
    MissedMelanomas,
    OutOfDistributionRule,
    ScoreWithInterval,
)
from lesions.data.results.rules import ClassQuantile, Threshold

SCORE = ScoreWithInterval(0.7, 0.6, 0.8)
METADATA = BundleMetadata(
    format=FORMAT, version="abc", lesions_version="1", network="lesion_net", purpose="",
    classes=(ClassMetadata("nevus", "nevus", "NV", "benign", 3, 2, 1),),
    image_size=64, color_constancy="none", pooled=True, heat_maps="none", temperature=1.5,
    prior_correction={"nevus": 0.1}, thresholds={"melanoma": Threshold("", ("a",), ("a", "b"), 0.9, 8, None, 0.9)},
    conformal={"0.90": {"nevus": ClassQuantile(0.8, 20, "class")}}, coverage="0.90", empirical_coverage=SCORE,
    out_of_distribution=OutOfDistributionRule(9.5, 0.95, 2, 20, ("cat",), 1, 0), scores={"accuracy": SCORE},
    baselines={"frame": {"accuracy": ScoreWithInterval(0.2, None, None)}},
    missed_melanomas=MissedMelanomas(1, 9, 0.1, 0.4), data=DataSummary(True, "CC0", 3, 2, 1, {"synthetic": 6}),
    inputs={"a": "0"}, files={"b": "1"},
)  # fmt: skip
OTHER_VALUES: tuple[Any, ...] = (None, True, 2, "text", ["x"], {"x": 1})


def changed(content: Any, root: Any) -> Iterator[Any]:
    """The root with every part of it in turn removed, replaced by other values, or with an unknown key beside it."""
    parts = list(content.items()) if isinstance(content, dict) else list(enumerate(content))
    for key, value in parts:
        for other in OTHER_VALUES:
            content[key] = other
            yield root
        if isinstance(content, dict):
            del content[key]
            yield root
            content["unknown"] = value
            yield root
            del content["unknown"]
        content[key] = value
        if isinstance(value, dict | list):
            yield from changed(value, root)


def test_the_light_reader_takes_and_refuses_what_pydantic_does() -> None:
    """Two readers of one definition; where they differed, the published schema would not be that of the program."""
    adapter = TypeAdapter(BundleMetadata)
    root = json.loads(json.dumps(asdict(METADATA)))
    taken = 0
    for content in changed(root, root):
        text = json.dumps(content)
        try:
            expected = adapter.validate_json(text)
        except ValidationError:
            with pytest.raises(TypeError):
                typed(content, BundleMetadata)
        else:
            assert typed(content, BundleMetadata) == expected, text
            taken += 1
    assert taken > 20, "nothing but refusals would prove little"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    (tmp_path / "lesions.json").write_text(json.dumps(asdict(METADATA)), encoding="utf-8")
    assert read_metadata(tmp_path / "lesions.json") == METADATA
