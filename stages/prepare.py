"""Turn raw pictures into a manifest, splits without a known leak, and pictures of one size."""

from pathlib import Path

from lesions.console import run
from lesions.datasets import read_dataset
from lesions.manifest import PREPARED, write_manifest
from lesions.outputs import whole_folder, write_json
from lesions.params import load_params
from lesions.preparation import decode_all, place, select
from lesions.summary import summarise, tell


def main() -> None:
    params = load_params()
    dataset = Path(params.dataset)
    raw = read_dataset(dataset, params.prepare.layout)
    with whole_folder(PREPARED) as folder:
        pictures = decode_all(raw, dataset, folder, params.image_size, params.prepare.min_side)
        pictures = place(select(pictures, params.prepare), folder)
        used = pictures["reason"] == ""
        write_manifest(folder, pictures[used], pictures[~used])
    summary = summarise(pictures)
    write_json("metrics/prepare.json", summary)
    print(tell(summary))


if __name__ == "__main__":
    run(main)
