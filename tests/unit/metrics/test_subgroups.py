"""Subgroups, repeatability and missed melanomas: counted by hand."""

import numpy as np
import pandas as pd
import pytest

from lesions.metrics import subgroups
from lesions.metrics.intervals import bootstrap_weights
from tests.unit.held_out import table


def weights_of(rows: pd.DataFrame) -> np.ndarray:
    return bootstrap_weights(rows["label"], rows["group"], 0, 100)


@pytest.mark.parametrize(
    ("age", "band"),
    [("", "unknown"), ("x", "unknown"), ("0", "under 30"), ("29.5", "under 30"), ("30", "30 to 44"), ("85.0", "75 on")],
)
def test_ages_fall_into_bands(age: str, band: str) -> None:
    assert subgroups.age_band(age) == band


def test_subgroups_stay_within_class_and_origin_and_every_picture_counts_once() -> None:
    rows = table(300)
    rng = np.random.default_rng(0)
    manifest = pd.DataFrame(
        {
            "image_id": rows["image_id"],
            "origin": rng.choice(["HAM10000", "other"], 300),
            "age": rng.choice(["", "25", "50", "80"], 300),
            "sex": rng.choice(["male", "female"], 300),
            "site": "",
            "skin_type": rng.choice(["", "Fitzpatrick II", "Fitzpatrick V"], 300),
        }
    ).sample(frac=1, random_state=0)
    found = subgroups.by_subgroup(rows, manifest, weights_of(rows))
    known = int((manifest["skin_type"] != "").sum())
    assert found.skin_tone == f"known for {known} of 300 test pictures"
    assert "not assessable" in subgroups.by_subgroup(rows, manifest.assign(skin_type=""), weights_of(rows)).skin_tone
    told = pd.DataFrame(found.model_dump()["rows"])
    assert told.groupby("attribute")["n"].sum().to_dict() == {"age": 300, "sex": 300, "site": 300, "skin_type": 300}
    joined = rows.merge(manifest, on="image_id")
    chosen = joined[(joined["label"] == "nevus") & (joined["origin"] == "other") & (joined["sex"] == "male")]
    key = (told[["label", "origin", "value"]] == ["nevus", "other", "male"]).all(axis=1)
    (row,) = told[key].to_dict("records")
    assert row["n"] == len(chosen)
    assert row["recall"]["value"] == pytest.approx((chosen["predicted"] == "nevus").mean(), abs=1e-4)
    assert {row.recall is None for row in found.rows if row.n < 10} <= {True}


def test_agreement_is_that_of_pairs_of_one_lesion() -> None:
    rows = pd.DataFrame(
        {
            "image_id": [f"i{k:02}" for k in range(32)],
            "group": [f"g{k // 3}" for k in range(30)] + ["single", "single too"],
            "label": "nevus",
            "predicted": ["nevus", "nevus", "melanoma"] * 5 + ["nevus"] * 15 + ["melanoma"] * 2,
        }
    )
    found = subgroups.repeatability(rows, weights_of(rows))
    assert (found.n_groups, found.n) == (10, 30)
    assert found.agreement is not None
    assert found.agreement.value == pytest.approx((5 * 1 / 3 + 5 * 1) / 10, abs=1e-4)
    calls = rows["predicted"].to_numpy()
    apart = [calls[i] == calls[j] for i in range(32) for j in range(i) if rows["group"][i] != rows["group"][j]]
    assert found.expected_agreement == pytest.approx(np.mean(apart), abs=1e-4)


def test_few_lesions_with_several_pictures_are_not_estimable() -> None:
    rows = table(100)
    found = subgroups.repeatability(rows, weights_of(rows))
    assert found.agreement is None
    assert found.n_groups == 0


def test_missed_melanomas_are_listed_with_what_they_were_called() -> None:
    rows = table(200)
    found = subgroups.missed_melanomas(rows)
    missed = rows[(rows["label"] == "melanoma") & (rows["predicted"] != "melanoma")]
    assert sorted(one.image_id for one in found) == sorted(missed["image_id"])
    assert [one.p_melanoma for one in found] == sorted(one.p_melanoma for one in found)
    first = missed.set_index("image_id").loc[found[0].image_id]
    assert found[0].p_predicted == pytest.approx(first[f"p_{first['predicted']}"], abs=1e-4)
    assert subgroups.missed_melanomas(table(50, classes=["a", "b"])) == []
