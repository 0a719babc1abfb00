"""Draw a data set of synthetic pictures, as large as wanted, in a folder per class.

To try the pipeline at another size, or to train a network on before it sees any photograph (models/pretrained). No
picture is one of the demo's.
"""

from pathlib import Path

from app.command_line import argument_parser
from lesions.datasets import SYNTHETIC_MARK
from lesions.demo.dataset import write_pictures
from lesions.demo.plan import SyntheticPicture
from lesions.demo.traits import CLASS_NAMES
from lesions.runtime.console import UserError, run
from lesions.runtime.outputs import check_writable, whole_folder

NOTICE = "Drawn by a program, not photographed: no patient, not for any medical use. CC0 1.0 (public domain).\n"
EXAMPLES = """\
example:
  python -m app draw data/drawn --per-class 100
  dvc exp run -S dataset=data/drawn
"""


def main() -> None:
    """Parse the command line, draw."""
    parser = argument_parser("draw", __doc__, EXAMPLES)
    parser.add_argument("folder", type=Path, help="to make; it must not exist")
    parser.add_argument("--per-class", type=int, default=700, metavar="N", help="pictures of each class")
    arguments = parser.parse_args()
    if arguments.per_class < 1:
        parser.error("--per-class: at least 1")
    if arguments.folder.exists():
        raise UserError(f"{arguments.folder} exists already: name another folder, or remove it first")
    check_writable(arguments.folder, "FOLDER", folder=True)
    pictures = plan(arguments.per_class)
    with whole_folder(arguments.folder) as root:
        write_pictures(root, pictures)
        (root / SYNTHETIC_MARK).write_text(NOTICE, encoding="utf-8", newline="\n")
    print(f"{arguments.folder}: {len(pictures):,} synthetic pictures of {len(CLASS_NAMES)} classes")


def plan(per_class: int) -> list[SyntheticPicture]:
    """The pictures to draw; a larger data set begins with the pictures of a smaller one."""
    return [
        SyntheticPicture("Train", name, f"DRAWN_{number * len(CLASS_NAMES) + place:07d}")
        for number in range(per_class)
        for place, name in enumerate(CLASS_NAMES)
    ]


if __name__ == "__main__":
    run(main, recovery_hint="Nothing was written.")
