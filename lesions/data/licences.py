"""The licence of each collection of pictures, as its publisher states it."""

from typing import NamedTuple

import pandas as pd

from lesions.data.manifest import SYNTHETIC

NO_LICENCE = "not known to this pipeline: see its publisher"
CC_BY_NC = "CC BY-NC 4.0"


class Licence(NamedTuple):
    """A licence by its name, and where it applies, if not to all pictures of the collection alike."""

    name: str
    note: str = ""

    def __str__(self) -> str:
        """Both, as a card prints them."""
        return f"{self.name} ({self.note})" if self.note else self.name


# By the manifest's column origin. Of the challenges: challenge.isic-archive.com/data; of PAD-UFES-20:
# data.mendeley.com/datasets/zr7vgbcyr2; of PH2: its paper (see its reader)
LICENCES = {
    SYNTHETIC: Licence("CC0 1.0", "drawn by this project"),
    "HAM10000": Licence(CC_BY_NC),
    "BCN20000": Licence(CC_BY_NC),
    "MSK": Licence(CC_BY_NC, "as part of ISIC 2019; else by picture in the ISIC archive"),
    "ISIC 2016": Licence("CC0 1.0"),
    "ISIC 2017": Licence("CC0 1.0"),
    "ISIC 2018 test": Licence(CC_BY_NC),
    "ISIC 2020": Licence(CC_BY_NC),
    "ISIC 2024": Licence(CC_BY_NC, "a smaller part is also published under CC BY 4.0"),
    "MILK10k": Licence(CC_BY_NC),
    "PAD-UFES-20": Licence("CC BY 4.0"),
    "PH2": Licence("none stated", "published for research and benchmarking"),
}


def licence_of(origin: str) -> str:
    """The licence of one collection in words; NO_LICENCE where it is not known."""
    return str(LICENCES.get(origin, NO_LICENCE))


def licence_names(origins: pd.Series) -> str:
    """The licences of several collections (index: origin, value: pictures) by their names, and how many have none."""
    names = sorted({LICENCES[origin].name for origin in origins.index if origin in LICENCES})
    n = int(origins[[origin not in LICENCES for origin in origins.index]].sum())
    missing = [f"not known for {n} of {int(origins.sum())} pictures: see where they come from"] if n else []
    return "; ".join([*names, *missing])
