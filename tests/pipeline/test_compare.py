"""app.compare on revisions of a real checkout."""

import json

from lesions.reports.findings import COMPARISON_COMMANDS
from tests.pipeline.conftest import STAGES, Project, stages_in


def test_a_revision_differs_from_itself_by_nothing(finished: Project) -> None:
    done = finished.run("python", "-m", "app.compare", "HEAD", "HEAD", "--format", "json")
    found = json.loads(done.stdout)
    assert found["n_label_changes"] == 0
    assert found["scores"]["accuracy"]["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_a_revision_that_is_not_there_is_told_in_one_message(finished: Project) -> None:
    done = finished.run("python", "-m", "app.compare", "HEAD", "no-such-thing", check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "no-such-thing" in done.stderr


def test_the_commands_of_the_report_answer_whether_rebalancing_helped(project: Project) -> None:
    """They are printed for people to type: a report that went on not to know would send them in a circle."""

    def answer() -> str:
        text = (project.folder / "reports/findings.md").read_text(encoding="utf-8")
        return text.partition("## Did rebalancing help?")[2].partition("\n## ")[0]

    assert all(command in answer() for command in COMPARISON_COMMANDS)
    done = project.run("bash", "-ec", "\n".join(COMPARISON_COMMANDS))
    rerun = STAGES[STAGES.index("analyze_imbalance") :]
    assert stages_in(done.stdout) == ["check", *rerun, "report"], "prepare is not touched"
    assert "cannot be told: the" not in answer()
    found = json.loads((project.folder / "reports/compare/rebalance.json").read_text(encoding="utf-8"))
    assert found["a"] == "plain"
    assert f"{found['scores']['accuracy']['a']:.3f} without" in answer()
    assert project.repro() == []
