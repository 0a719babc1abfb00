"""Processor time of evaluate or export, by part, in a folder whose earlier stages have run.

`python -m benchmarks.stage evaluate` runs the stage as it is, then once more under Python's profiler, by processor time
of all threads. `--folder` takes another checkout with the same pictures and network: so two revisions are compared.
What worker processes use is in the whole, and in no part. The stage writes its files as always.
"""

import argparse
import pstats
import sys
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks.measuring import markdown
from benchmarks.processes import run_command
from lesions.runtime.console import run

PROFILE = """
import cProfile, importlib, sys, time
if __name__ == "__main__":
    sys.path.insert(0, "")
    profile = cProfile.Profile(time.process_time)
    profile.runcall(lambda: importlib.import_module("stages." + sys.argv[1]).main())
    profile.dump_stats(sys.argv[2])
"""
# Functions by file, and where a function serves several parts, the functions that call it; they do not overlap.
# Names of earlier revisions stand here, too, so that these can be compared.
Function = tuple[str, str, tuple[str, ...]]
SCORES: list[Function] = [
    ("evaluate.py", name, ())
    for name in ("score_all", "score_test", "select_test", "secondary_scores", "score_calibration")
]
SHEET_NAMES = ("mistakes", "unsure_hits", "explanation")
SHEETS = [("figures.py", "save"), *(("contact_sheets.py", f"{name}_sheet") for name in SHEET_NAMES)]
PARTS: dict[str, dict[str, list[Function]]] = {
    "evaluate": {
        "imports": [("", "_find_and_load", ())],
        "network: predictions": [
            ("predict.py", "predict", ("main", "_predict")),
            ("predict.py", "predict_with_features", ("_predict",)),
        ],
        "Grad-CAM": [("grad_cam.py", "heat_maps", ()), ("grad_cam.py", "raw_maps", ("evaluate_network",))],
        "Grad-CAM, random weights": [
            ("grad_cam.py", "randomisation_check", ()),
            ("grad_cam.py", "randomization_test", ()),
        ],
        "baselines: features and forests": [("baselines.py", "fit_baselines", ())],
        "scores with intervals": [*SCORES, ("baselines.py", "compare", ())],
        "charts and contact sheets": [
            ("drawing.py", "draw", ()),
            ("evaluate.py", "draw_charts", ()),
            *((file, name, ("main",)) for file, name in SHEETS),
        ],
    },
    "export": {
        "imports": [("", "_find_and_load", ())],
        "conversion": [("export.py", "write_network", ())],
        "network on pictures, and reading them": [
            ("export.py", "run_on_pictures", ()),
            ("export.py", "parity", ()),
            ("ood_check.py", "features", ()),
        ],
        "photographs": [("photographs.py", "photographs", ())],
        "distribution of features": [("out_of_distribution_fit.py", "fit_distribution", ())],
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stage", description=__doc__)
    parser.add_argument("stage", choices=tuple(PARTS))
    parser.add_argument("--folder", type=Path, action="append", metavar="DIR", help="checkout; may be given twice")
    arguments = parser.parse_args()
    columns = {str(folder): seconds_by_part(arguments.stage, folder) for folder in arguments.folder or [Path()]}
    print(markdown(pd.DataFrame(columns).rename_axis("seconds of processor").reset_index()))


def seconds_by_part(stage: str, folder: Path) -> dict[str, float]:
    """Seconds of each part, and of the whole stage without the profiler, worker processes included."""
    with tempfile.TemporaryDirectory() as name:
        script, file = Path(name) / "profile_stage.py", Path(name) / "profile"
        script.write_text(PROFILE, encoding="utf-8")
        whole = run_command([sys.executable, "-m", f"stages.{stage}"], folder).cpu
        run_command([sys.executable, str(script), stage, str(file)], folder)
        profile = pstats.Stats(str(file))
    parts = {part: sum(_seconds(profile, *function) for function in of_part) for part, of_part in PARTS[stage].items()}
    return {**parts, "the whole stage, without a profiler": whole}


def _seconds(profile: pstats.Stats, file: str, function: str, callers: tuple[str, ...]) -> float:
    """Time in a function with all that it calls, in calls from these callers alone, if any are named."""
    seconds = 0.0
    for (path, _, name), (_, _, _, cumulative, by_caller) in profile.stats.items():  # type: ignore[attr-defined]
        if name == function and Path(path).name.endswith(file):
            calls = [times[3] for caller, times in by_caller.items() if caller[2] in callers]
            seconds += sum(calls) if callers else cumulative
    return seconds


if __name__ == "__main__":
    run(main, recovery_hint="The stage was stopped: run `dvc repro` again.")
