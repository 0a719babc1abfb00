"""Where a classifier fails: recall by age, sex and site, agreement over photographs of one lesion, missed melanomas.

Subgroups are compared within class and origin: classes come from different collections, and these from different
patients, so that a difference over all pictures would mostly tell one collection from another.
"""

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.metrics.endpoints import MELANOMA
from lesions.metrics.intervals import FEWEST, estimate, share

Array = NDArray[np.float64]

AGE_BANDS = ((0, 30, "under 30"), (30, 45, "30 to 44"), (45, 60, "45 to 59"), (60, 75, "60 to 74"), (75, 999, "75 on"))
ATTRIBUTES = ("age", "sex", "site")
UNKNOWN = "unknown"
SKIN_TONE = "not assessable: the data set does not say it, and dermoscopy pictures do not show it reliably"


def age_band(age: str) -> str:
    """The band of an age in years, as text; `unknown` where it is empty or no number."""
    try:
        years = float(age)
    except ValueError:
        return UNKNOWN
    return next((name for low, high, name in AGE_BANDS if low <= years < high), UNKNOWN)


def by_subgroup(predictions: pd.DataFrame, manifest: pd.DataFrame, weights: Array) -> dict[str, Any]:
    """Recall of each class within an origin, by age band, sex and site, with n; null below 10 pictures.

    predictions: label, predicted, group, image_id; manifest: image_id, origin, age, sex, site; weights as elsewhere.
    """
    known = manifest.set_index("image_id").loc[predictions["image_id"]].reset_index()
    columns = {name: known[name].replace("", UNKNOWN) for name in ("origin", "sex", "site")}
    columns["age"] = known["age"].map(age_band)
    right = (predictions["label"] == predictions["predicted"]).to_numpy()
    rows: list[dict[str, Any]] = []
    for attribute in ATTRIBUTES:
        places_of: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for place, key in enumerate(zip(predictions["label"], columns["origin"], columns[attribute], strict=True)):
            places_of[key].append(place)
        for (label, origin, value), places in sorted(places_of.items()):
            groups = predictions["group"].iloc[places]
            found = share(right[places], weights[:, places], groups)
            row = {"class": label, "origin": origin, "attribute": attribute, "value": value}
            recall = found and {name: found[name] for name in ("value", "low", "high", "interval")}
            rows.append({**row, "n": len(places), "groups": groups.nunique(), "recall": recall})
    return {
        "note": f"recall within class and origin; null: not estimable, under {FEWEST} pictures",
        "skin_tone": SKIN_TONE,
        "rows": rows,
    }


def repeatability(predictions: pd.DataFrame, weights: Array) -> dict[str, Any]:
    """How often two photographs of one group (lesion, or patient) and class are called the same.

    agreement: share of pairs that agree, a mean over groups of several pictures, with a bootstrap over groups;
    by_chance: that of two pictures of different groups of the same classes.
    """
    several = [rows for _, rows in predictions.groupby(["group", "label"]) if len(rows) > 1]
    result: dict[str, Any] = {"groups": len(several), "pictures": sum(map(len, several)), "agreement": None}
    if len(several) < FEWEST:
        return result | {"note": f"not estimable: {len(several)} groups of several pictures, at least {FEWEST} needed"}
    place = {image_id: number for number, image_id in enumerate(predictions["image_id"])}
    drawn = weights[:, [place[rows["image_id"].iloc[0]] for rows in several]]  # a group is drawn as a whole
    agree = np.array([_pairs_that_agree(rows["predicted"]) for rows in several])
    chance = {label: _agree_by_chance(rows) for label, rows in predictions.groupby("label")}
    total = drawn.sum(axis=1)
    result["agreement"] = estimate(np.divide(drawn @ agree, total, out=np.full(len(total), np.nan), where=total > 0))
    result["by_chance"] = round(float(np.mean([chance[rows["label"].iloc[0]] for rows in several])), 4)
    return result


def missed_melanomas(predictions: pd.DataFrame) -> list[dict[str, Any]]:
    """Every melanoma that is called something else: what, with which probability; the least suspected first."""
    if f"p_{MELANOMA}" not in predictions.columns:
        return []
    missed = predictions[(predictions["label"] == MELANOMA) & (predictions["predicted"] != MELANOMA)]
    found = [
        {
            "image_id": row["image_id"],
            "predicted": row["predicted"],
            "p": round(row[f"p_{row['predicted']}"], 4),
            "p_melanoma": round(row[f"p_{MELANOMA}"], 4),
        }
        for row in missed.to_dict("records")
    ]
    return sorted(found, key=lambda one: (one["p_melanoma"], one["image_id"]))


def _pairs_that_agree(predicted: pd.Series) -> float:
    """Share of the pairs of pictures that are called the same."""
    counts = predicted.value_counts().to_numpy()
    return float((counts * (counts - 1)).sum() / (len(predicted) * (len(predicted) - 1)))


def _agree_by_chance(rows: pd.DataFrame) -> float:
    """The same for pictures of different groups: all pairs of these rows but those within a group. 0 without any."""
    counts = rows["predicted"].value_counts().to_numpy()
    sizes = rows["group"].value_counts().to_numpy()
    inside = sum(
        _pairs_that_agree(part["predicted"]) * len(part) * (len(part) - 1)
        for _, part in rows.groupby("group")
        if len(part) > 1
    )
    pairs = len(rows) * (len(rows) - 1) - (sizes * (sizes - 1)).sum()
    return float(((counts * (counts - 1)).sum() - inside) / pairs) if pairs else 0.0
