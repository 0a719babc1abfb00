"""The predictions table: one row per held-out picture, with its label, its prediction and its probabilities."""

from pathlib import Path

import pandas as pd

TEXT_COLUMNS = ("image_id", "group", "split", "label", "predicted")


def probability_columns(classes: list[str]) -> list[str]:
    """The columns of a predictions table that hold the class probabilities, in the order of the classes."""
    return [f"p_{label}" for label in classes]


def read_predictions(path: str | Path) -> pd.DataFrame:
    """The table that evaluate writes: TEXT_COLUMNS are text, also where all values are digits.

    Raises OSError and ValueError as pandas does.
    """
    return pd.read_csv(path, dtype=dict.fromkeys(TEXT_COLUMNS, str), keep_default_na=False)
