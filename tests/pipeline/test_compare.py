"""app.compare on revisions of a real checkout."""

import json

from tests.pipeline.conftest import Project


def test_a_revision_differs_from_itself_by_nothing(finished: Project) -> None:
    done = finished.run("python", "-m", "app.compare", "HEAD", "HEAD", "--format", "json")
    found = json.loads(done.stdout)
    assert found["called_differently"] == 0
    assert found["scores"]["accuracy"]["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_a_revision_that_is_not_there_is_told_in_one_message(finished: Project) -> None:
    done = finished.run("python", "-m", "app.compare", "HEAD", "no-such-thing", check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "no-such-thing" in done.stderr
