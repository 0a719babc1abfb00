"""Commands for people who have pictures, a trained model or finished experiments."""

import runpy
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter

from app.command_line import VERSION

VERBS = {  # each is a module of this package, imported only when it is asked for
    "predict": "what a trained model says of pictures",
    "serve": "web page for a trained model",
    "audit": "what is wrong with a folder of pictures, without training",
    "draw": "a data set of synthetic pictures, as large as wanted",
    "compare": "two experiments on the same test pictures, with intervals",
    "folds": "the folds of a cross-validation: each score, mean and range",
    "results": "headline scores and files of the last run",
}
EXAMPLES = """\
`python -m app VERB --help` tells what a verb takes, with examples:
  python -m app predict --help
  python -m app predict lesion.jpg
"""


def main() -> None:
    """List the verbs, or run the one that is named as if it had been called alone: `python -m app.VERB`."""
    parser = ArgumentParser("python -m app", None, __doc__, EXAMPLES, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=VERSION)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb")
    for verb, description in VERBS.items():
        verbs.add_parser(verb, help=description, add_help=False)
    verb = parser.parse_args(sys.argv[1:2]).verb
    if verb is None:
        parser.print_help()
        return
    del sys.argv[1]
    runpy.run_module(f"app.{verb}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
