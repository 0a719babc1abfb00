"""Groups of pictures that share pixels, a lesion or a patient."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def group_together(n: int, keys: Iterable[pd.Series], pairs: pd.DataFrame | None = None) -> NDArray[np.int64]:
    """Join rows that share a value in any of the columns (each of length n; empty text joins nothing).

    pairs: columns a and b, positions of rows (0 to n - 1) to be joined besides.

    Returns (n,) group numbers from 0, in order of first appearance. Joining is transitive: two pictures of one lesion
    and a third that shares a patient with one of them are a single group.
    """
    first_rows = [np.arange(0) if pairs is None else pairs["a"].to_numpy()]
    rows = [np.arange(0) if pairs is None else pairs["b"].to_numpy()]
    for key in keys:
        codes, _ = pd.factorize(key)
        first_of_code = pd.Series(np.arange(n)).groupby(codes).transform("first").to_numpy()
        filled = (key != "").to_numpy()
        first_rows.append(first_of_code[filled])
        rows.append(np.arange(n)[filled])
    start, end = np.concatenate(first_rows), np.concatenate(rows)
    links = coo_array((np.ones(len(start)), (start, end)), shape=(n, n))
    _, component = connected_components(links, directed=False)
    numbers, _ = pd.factorize(component)
    return numbers
