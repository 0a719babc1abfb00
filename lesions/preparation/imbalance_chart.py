"""Chart of the classes: raw files, usable pictures, and training pictures before and after the plan."""

import pandas as pd
from matplotlib.figure import Figure

from lesions.data.diagnoses import diagnosis
from lesions.params.schema import RebalanceParams
from lesions.preparation.imbalance import title
from lesions.rendering import figures

ADDED_LABELS = {
    "augment": "new pictures",
    "sampler": "drawn more often",
    "weights": "weighted more",
    "none": "new pictures",
}


def class_distribution_chart(table: pd.DataFrame, rebalance: RebalanceParams) -> Figure:
    """Three bars per class, the class with the most training pictures first. table: the result of imbalance.plan()."""
    ordered = table.sort_values(["n_train", "n_raw"], ascending=False, kind="stable")
    added = list(ordered["n_target"] - ordered["n_train"])
    return figures.grouped_bars(
        [diagnosis(label).name for label in ordered["label"]],
        [
            [figures.Bars("raw files", list(ordered["n_raw"]), figures.PALE)],
            [figures.Bars("usable", list(ordered["n_usable"]), figures.SKY)],
            [
                figures.Bars("training", list(ordered["n_train"]), figures.BLUE),
                figures.Bars(ADDED_LABELS[rebalance.method], added, figures.ORANGE),
            ],
        ],
        title=title(table),
        x_label=f"pictures (n = {table['n_raw'].sum():,} raw files)",
    )
