"""Measurements as text: spreads and tables."""

import statistics
from collections.abc import Sequence

import pandas as pd


def spread(values: Sequence[float], how: str) -> str:
    """Median, number and range of repeated measurements, each in the format `how`."""
    return f"median {statistics.median(values):{how}} (n={len(values)}, {min(values):{how}} to {max(values):{how}})"


def markdown(table: pd.DataFrame) -> str:
    """The table as Markdown, numbers with two decimals where they are not whole."""
    cells = [
        [f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row] for row in table.to_numpy(object)
    ]
    lines = [list(table.columns), ["---"] * len(table.columns), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
