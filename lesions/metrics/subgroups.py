"""Subgroups: recall by age, sex, site and skin type, agreement over photographs of one lesion, missed melanomas.

Subgroups are compared within class and origin: classes come from different collections, and these from different
patients, so that a difference over all pictures would mostly be one between collections.
"""

from collections import defaultdict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.data.results.scores import MissedMelanoma, Repeatability, SubgroupRecall, Subgroups
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


def by_subgroup(predictions: pd.DataFrame, manifest: pd.DataFrame, weights: Array) -> Subgroups:
    """Recall of each class within an origin, by age band, sex, site and skin type, with n; null below 10 pictures.

    predictions: label, predicted, group, image_id; manifest: image_id, origin, age, sex, site, skin_type; weights as
    elsewhere.
    """
    metadata = manifest.set_index("image_id").loc[predictions["image_id"]].reset_index()
    columns = {name: metadata[name].replace("", UNKNOWN) for name in ("origin", "sex", "site", "skin_type")}
    columns["age"] = metadata["age"].map(age_band)
    right = (predictions["label"] == predictions["predicted"]).to_numpy()
    rows = []
    with_skin_type = int((columns["skin_type"] != UNKNOWN).sum())
    for attribute in ATTRIBUTES if with_skin_type else ATTRIBUTES[:-1]:
        positions_of: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for position, key in enumerate(zip(predictions["label"], columns["origin"], columns[attribute], strict=True)):
            positions_of[key].append(position)
        for (label, origin, value), positions in sorted(positions_of.items()):
            groups = predictions["group"].iloc[positions]
            rows.append(
                SubgroupRecall(
                    label=label,
                    origin=origin,
                    attribute=attribute,
                    value=value,
                    n=len(positions),
                    n_groups=int(groups.nunique()),
                    recall=share(right[positions], weights[:, positions], groups),
                )
            )
    known = f"known for {with_skin_type} of {len(predictions)} test pictures"
    return Subgroups(skin_tone=known if with_skin_type else SKIN_TONE, rows=rows)


def repeatability(predictions: pd.DataFrame, weights: Array) -> Repeatability:
    """How often two photographs of one group (lesion, or patient) and class get the same prediction.

    Needs 10 groups of several pictures; the interval is by a bootstrap over groups.
    """
    several = [rows for _, rows in predictions.groupby(["group", "label"]) if len(rows) > 1]
    n = sum(map(len, several))
    if len(several) < MIN_CASES:
        return Repeatability(n=n, n_groups=len(several), agreement=None, expected_agreement=None)
    position = {image_id: number for number, image_id in enumerate(predictions["image_id"])}
    group_weights = weights[:, [position[rows["image_id"].iloc[0]] for rows in several]]  # a group is drawn as a whole
    agree = np.array([_pair_agreement(rows["predicted"]) for rows in several])
    chance = {label: _chance_agreement(rows) for label, rows in predictions.groupby("label")}
    total = group_weights.sum(axis=1)
    means = np.divide(group_weights @ agree, total, out=np.full(len(total), np.nan), where=total > 0)
    expected = round(float(np.mean([chance[rows["label"].iloc[0]] for rows in several])), 4)
    return Repeatability(n=n, n_groups=len(several), agreement=estimate(means), expected_agreement=expected)


def missed_melanomas(predictions: pd.DataFrame) -> list[MissedMelanoma]:
    """Every melanoma with another predicted class: that class, the probabilities; the lowest p_melanoma first."""
    if f"p_{MELANOMA}" not in predictions.columns:
        return []
    missed = predictions[(predictions["label"] == MELANOMA) & (predictions["predicted"] != MELANOMA)]
    rows = [
        MissedMelanoma(
            image_id=row["image_id"],
            predicted=row["predicted"],
            p_predicted=round(row[f"p_{row['predicted']}"], 4),
            p_melanoma=round(row[f"p_{MELANOMA}"], 4),
        )
        for row in missed.to_dict("records")
    ]
    return sorted(rows, key=lambda row: (row.p_melanoma, row.image_id))


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
