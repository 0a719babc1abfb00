"""Subgroups: recall by age, sex, site and skin type, agreement over photographs of one lesion, missed melanomas.

Subgroups are compared within class and origin: classes come from different collections, and these from different
patients, so that a difference over all pictures would mostly be one between collections.
"""

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.metrics.endpoints import MELANOMA
from lesions.metrics.intervals import MIN_CASES, estimate, share

Array = NDArray[np.float64]

AGE_BANDS = ((0, 30, "under 30"), (30, 45, "30 to 44"), (45, 60, "45 to 59"), (60, 75, "60 to 74"), (75, 999, "75 on"))
ATTRIBUTES = ("age", "sex", "site", "skin_type")  # the last where any picture has one
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
    """Recall of each class within an origin, by age band, sex, site and skin type, with n; null below 10 pictures.

    predictions: label, predicted, group, image_id; manifest: image_id, origin, age, sex, site, skin_type; weights as
    elsewhere.
    """
    metadata = manifest.set_index("image_id").loc[predictions["image_id"]].reset_index()
    columns = {name: metadata[name].replace("", UNKNOWN) for name in ("origin", "sex", "site", "skin_type")}
    columns["age"] = metadata["age"].map(age_band)
    right = (predictions["label"] == predictions["predicted"]).to_numpy()
    rows: list[dict[str, Any]] = []
    with_skin_type = int((columns["skin_type"] != UNKNOWN).sum())
    for attribute in ATTRIBUTES if with_skin_type else ATTRIBUTES[:-1]:
        positions_of: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for position, key in enumerate(zip(predictions["label"], columns["origin"], columns[attribute], strict=True)):
            positions_of[key].append(position)
        for (label, origin, value), positions in sorted(positions_of.items()):
            groups = predictions["group"].iloc[positions]
            estimated = share(right[positions], weights[:, positions], groups)
            row = {"class": label, "origin": origin, "attribute": attribute, "value": value}
            recall = estimated and {name: estimated[name] for name in ("value", "low", "high", "interval")}
            rows.append({**row, "n": len(positions), "groups": groups.nunique(), "recall": recall})
    return {
        "note": f"recall within class and origin; null: not estimable, under {MIN_CASES} pictures",
        "skin_tone": f"known for {with_skin_type} of {len(predictions)} test pictures" if with_skin_type else SKIN_TONE,
        "rows": rows,
    }


def repeatability(predictions: pd.DataFrame, weights: Array) -> dict[str, Any]:
    """How often two photographs of one group (lesion, or patient) and class get the same prediction.

    agreement: share of pairs that agree, a mean over groups of several pictures, with a bootstrap over groups;
    by_chance: that of two pictures of different groups of the same classes.
    """
    several = [rows for _, rows in predictions.groupby(["group", "label"]) if len(rows) > 1]
    result: dict[str, Any] = {"groups": len(several), "pictures": sum(map(len, several)), "agreement": None}
    if len(several) < MIN_CASES:
        note = f"not estimable: {len(several)} groups of several pictures, at least {MIN_CASES} needed"
        return result | {"note": note}
    position = {image_id: number for number, image_id in enumerate(predictions["image_id"])}
    group_weights = weights[:, [position[rows["image_id"].iloc[0]] for rows in several]]  # a group is drawn as a whole
    agree = np.array([_pair_agreement(rows["predicted"]) for rows in several])
    chance = {label: _chance_agreement(rows) for label, rows in predictions.groupby("label")}
    total = group_weights.sum(axis=1)
    result["agreement"] = estimate(
        np.divide(group_weights @ agree, total, out=np.full(len(total), np.nan), where=total > 0)
    )
    result["by_chance"] = round(float(np.mean([chance[rows["label"].iloc[0]] for rows in several])), 4)
    return result


def missed_melanomas(predictions: pd.DataFrame) -> list[dict[str, Any]]:
    """Every melanoma with another predicted class: that class, the probabilities; the lowest p_melanoma first."""
    if f"p_{MELANOMA}" not in predictions.columns:
        return []
    missed = predictions[(predictions["label"] == MELANOMA) & (predictions["predicted"] != MELANOMA)]
    rows = [
        {
            "image_id": row["image_id"],
            "predicted": row["predicted"],
            "p": round(row[f"p_{row['predicted']}"], 4),
            "p_melanoma": round(row[f"p_{MELANOMA}"], 4),
        }
        for row in missed.to_dict("records")
    ]
    return sorted(rows, key=lambda row: (row["p_melanoma"], row["image_id"]))


def _pair_agreement(predicted: pd.Series) -> float:
    """Share of the pairs of pictures with the same prediction."""
    counts = predicted.value_counts().to_numpy()
    return float((counts * (counts - 1)).sum() / (len(predicted) * (len(predicted) - 1)))


def _chance_agreement(rows: pd.DataFrame) -> float:
    """The same for pictures of different groups: all pairs of these rows but those within a group. 0 without any."""
    counts = rows["predicted"].value_counts().to_numpy()
    sizes = rows["group"].value_counts().to_numpy()
    inside = sum(
        _pair_agreement(part["predicted"]) * len(part) * (len(part) - 1)
        for _, part in rows.groupby("group")
        if len(part) > 1
    )
    pairs = len(rows) * (len(rows) - 1) - (sizes * (sizes - 1)).sum()
    return float(((counts * (counts - 1)).sum() - inside) / pairs) if pairs else 0.0
