"""Bundles that several files test: made once a process."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.bundles import Exported


@pytest.fixture(scope="session")
def pooled(tmp_path_factory: pytest.TempPathFactory) -> "Exported":
    """Of a network with an average over its last feature map, so with heat maps. Not to be changed."""
    from tests.unit.bundles import exported  # here, and below: most unit tests need no TensorFlow

    return exported(tmp_path_factory.mktemp("pooled"), "lesion_net")


@pytest.fixture(scope="session")
def flat(tmp_path_factory: pytest.TempPathFactory) -> "Exported":
    """Of a network of the notebooks, without heat maps, and of pictures that are not synthetic. Not to be changed."""
    from tests.unit.bundles import exported

    return exported(tmp_path_factory.mktemp("flat"), "isic_cnn", origin="HAM10000")
