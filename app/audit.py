"""Audit a folder of pictures alone, without training.

Reads, checks and splits the folder as the prepare stage does with params.yaml, and writes the same page; the pipeline's
own data is not touched.
"""

import tempfile
from pathlib import Path

from app.command_line import argument_parser
from lesions.params.schema import load_params
from lesions.preparation.audit_findings import audit_prepared, sections
from lesions.preparation.audit_page import write_audit
from lesions.preparation.prepare import prepare
from lesions.preparation.summary import summarise, summary_text
from lesions.runtime.console import run
from lesions.runtime.outputs import check_writable

EXAMPLES = """\
examples:
  python -m app audit data/mine
  python -m app audit data/isic9 --labels data/tables --out audit.html
"""


def main() -> None:
    """Parse the command line, audit, write the page, print its path."""
    parser = argument_parser("audit", __doc__, EXAMPLES)
    parser.add_argument("folder", type=Path, help="the data set: class folders or a published layout")
    parser.add_argument("--labels", type=Path, help="a folder with official tables (default: that of params.yaml)")
    parser.add_argument("--out", type=Path, default=Path("data_audit.html"), help="the page (default: data_audit.html)")
    arguments = parser.parse_args()
    check_writable(arguments.out, "--out")
    params = load_params()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "prepared"
        folder.mkdir()
        labels = arguments.labels or Path(params.labels)
        prepared = prepare(arguments.folder, labels, params.image_size, params.prepare, folder)
        audit_results = audit_prepared(prepared, folder)
    summary = summarise(prepared, audit_results.counts)
    write_audit(arguments.out, arguments.folder, prepared, summary, sections(audit_results, prepared, arguments.folder))
    print(summary_text(summary))
    print(f"audit: {arguments.out}")


if __name__ == "__main__":
    run(main, recovery_hint="Nothing was changed.")
