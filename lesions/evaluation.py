"""From a trained network to a table of predictions, and from the table to the files that hold its scores."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions import scores

PROBABILITY_DIGITS = 6
HELD_OUT = ("val", "test")  # what a model has not been fitted to; only test is scored


def predictions_table(held_out: pd.DataFrame, probabilities: NDArray[np.float64], classes: list[str]) -> pd.DataFrame:
    """image_id, group, split, label, predicted, p_<class>..., sorted by split and image_id.

    held_out: rows of the manifest; probabilities: (rows, classes) in [0, 1]. They are rounded before the prediction is
    read off, so that whoever reads the table comes to the same one.
    """
    rounded = probabilities.round(PROBABILITY_DIGITS)
    table = held_out[["image_id", "group", "split", "label"]].reset_index(drop=True)
    table["predicted"] = [classes[index] for index in rounded.argmax(axis=1)]
    table = pd.concat([table, pd.DataFrame(rounded, columns=scores.probability_columns(classes))], axis=1)
    return table.sort_values(["split", "image_id"], ignore_index=True)


def score_all(predictions: pd.DataFrame, classes: list[str]) -> dict[str, Any]:
    """reports/scores.json: for each held-out split the headline, every class, and the most frequent errors."""
    result: dict[str, Any] = {"classes": classes}
    for split in reversed(HELD_OUT):
        rows = predictions[predictions["split"] == split]
        if rows.empty:
            continue
        table = scores.per_class(rows, classes).astype(object).round(scores.DIGITS)
        result[split] = {
            "headline": scores.headline(rows, classes),
            "per_class": {
                label: {name: _plain(value) for name, value in row.items()} for label, row in table.iterrows()
            },
            "most_confused": scores.most_confused(rows, classes),
        }
    return result


def _plain(value: Any) -> float | int | None:
    """A number that JSON knows; a missing one is null."""
    if pd.isna(value):
        return None
    return (
        int(value) if float(value).is_integer() and not isinstance(value, float) else round(float(value), scores.DIGITS)
    )


def tell(summary: dict[str, Any]) -> str:
    """The test scores in words and as a table, for a terminal."""
    test = summary["test"]
    table = pd.DataFrame.from_dict(test["per_class"], orient="index").astype(object)
    headline = "  ".join(f"{name} {value}" for name, value in test["headline"].items())
    errors = "; ".join(
        f"{e['truth']} taken for {e['predicted']} ({e['n']}, {e['share']:.0%})" for e in test["most_confused"]
    )
    return f"{table.to_string(na_rep='-')}\n\nmost frequent errors: {errors or 'none'}\ntest: {headline}"
