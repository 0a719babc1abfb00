"""Turn raw pictures into a manifest, splits without a known leak, and pictures of one size."""

from pathlib import Path

from lesions.console import run
from lesions.datasets import read_layout
from lesions.manifest import PREPARED, write_manifest
from lesions.official import check, read_official
from lesions.outputs import whole_folder, write_json
from lesions.params import load_params
from lesions.preparation import decode_all, near_pairs, place
from lesions.selection import assign, choose_labels
from lesions.summary import summarise, tell, tell_notes


def main() -> None:
    params = load_params()
    dataset = Path(params.dataset)
    official = read_official(params.labels)
    reading = read_layout(dataset, params.prepare.layout)
    checked = check(reading.table, official)
    print(tell_notes(official, checked))
    with whole_folder(PREPARED) as folder:
        prepare = params.prepare
        pictures = decode_all(
            checked.table, dataset, folder, params.image_size, prepare.min_side, prepare.color_constancy
        )
        pictures = choose_labels(pictures, prepare)
        near = near_pairs(pictures, folder)
        pictures = place(assign(pictures, near, prepare), folder)
        used = pictures["reason"] == ""
        write_manifest(folder, pictures[used], pictures[~used])
    summary = summarise(pictures, near, reading, official, checked)
    write_json("metrics/prepare.json", summary)
    print(tell(summary))


if __name__ == "__main__":
    run(main)
