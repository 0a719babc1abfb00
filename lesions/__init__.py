"""The library behind the stages: from a folder of skin-lesion pictures to a classifier and its scores."""

__version__ = "0.2.0"  # that of pyproject.toml, too: nothing is installed that could be asked
