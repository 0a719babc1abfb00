"""The builders of inputs as people have them, in ../shared/cases."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REAL_PICTURES


def make_case(case: str, folder: Path) -> Path:
    """The data set of a case, made in a folder that does not exist yet; skips the test where there is no builder."""
    maker = REAL_PICTURES / "cases" / case / "make.py"
    if not maker.is_file():
        pytest.skip(f"needs {maker} (set LESIONS_SHARED to the folder that holds cases/)")
    subprocess.run([sys.executable, maker, folder], check=True, stdout=subprocess.DEVNULL)
    return folder
