"""What the command lines of all verbs share."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter

from lesions import __version__

VERSION = f"lesions {__version__}"


def argument_parser(verb: str, description: str | None, examples: str) -> ArgumentParser:
    """A parser for `python -m app VERB` with --version; examples stand below its help, as they are written."""
    parser = ArgumentParser(
        f"python -m app {verb}", None, description, examples, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=VERSION)
    return parser
