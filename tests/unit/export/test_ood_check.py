"""How well pictures of something else are told apart: the counts in the card are those that the model gives."""

from dataclasses import replace

import numpy as np

from lesions import __version__
from lesions.data.pixels import read_pixels
from lesions.export import ood_check
from lesions.export.photographs import photographs
from tests.unit.bundles import Exported


def test_the_counts_are_what_the_model_says_of_the_same_pictures(pooled: Exported) -> None:
    """Otherwise the card would tell of another rule than the one that the page and the command line apply."""
    bundle, rule = pooled.bundle, pooled.bundle.metadata.out_of_distribution
    predictions = {name: bundle.predict(bundle.pixels(file)[None])[0] for name, file in photographs().items()}
    assert rule.false_accepts == tuple(
        name for name, prediction in predictions.items() if not prediction.unlike_training
    )
    assert rule.n_photographs == len(predictions) == 20
    paths = pooled.manifest.loc[pooled.manifest["split"] == "test", "path"]
    rejected = [bundle.predict(read_pixels(pooled.prepared / path)[None])[0].unlike_training for path in paths]
    assert (rule.false_rejects, rule.n_test) == (sum(rejected), len(rejected))


def test_the_card_names_the_photographs_that_pass(pooled: Exported) -> None:
    metadata = pooled.bundle.metadata
    passed = replace(metadata.out_of_distribution, false_accepts=("cat", "hubble_deep_field"))
    text = " ".join(ood_check.card_section(replace(metadata, out_of_distribution=passed)).split())
    assert "2 of 20 (10.0%, 95 % interval 2.8% to 30.1%) photographs" in text
    assert "(cat, hubble deep field) pass" in text
    assert text.endswith(f"Exported by lesions {__version__}."), "who reads the card later asks which program made it"
    none = replace(metadata.out_of_distribution, false_accepts=())
    assert "0 of 20 (0.0%, 95 % interval 0.0% to 16.1%)" in ood_check.card_section(
        replace(metadata, out_of_distribution=none)
    )


def test_the_photographs_are_pictures_without_a_download(pooled: Exported) -> None:
    found = photographs()
    assert list(found) == sorted(found)
    for name, file in found.items():
        assert np.ptp(pooled.bundle.pixels(file)) > 50, f"{name} shows nothing"
