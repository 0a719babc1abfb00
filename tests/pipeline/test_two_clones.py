"""Two clones of the pipeline give the same bytes."""

from pathlib import Path

from tests.pipeline.conftest import STAGES, OutputsOfClones, Project, copy_of_tree, with_small_data


def test_two_clones_give_the_same_bytes(finished: Project, clones: OutputsOfClones, tmp_path: Path) -> None:
    """Every output of the pipeline, the model included, is a function of code, params and data alone.

    The shortest file is run last: by then another process of this run may have made a clone of its own.
    """
    other = clones.of_another()
    if other is None:
        second = with_small_data(copy_of_tree(tmp_path))
        assert second.repro() == STAGES
        other = second.outputs()
    assert other == finished.outputs()
