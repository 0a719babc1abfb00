"""Try params.yaml and the folders that it names, before DVC removes an output of any other stage."""

from pathlib import Path

from lesions.params.paths import CHECK
from lesions.params.schema import load_params
from lesions.preparation.inputs import check_inputs
from lesions.runtime.console import run
from lesions.runtime.outputs import write_json


def main() -> None:
    params = load_params()
    check_inputs(Path(params.dataset), Path(params.labels), params.prepare.layout)
    # The same bytes whatever is right: prepare depends on the file, and must not run again for a param of another stage
    write_json(CHECK, {"params": "right", "inputs": "readable"})
    print("params.yaml is right, its folders can be read")


if __name__ == "__main__":
    run(main, recovery_hint="Earlier outputs are all there: nothing was removed.")
