"""`python -m lesions.params` checks params.yaml and prints all mistakes at once, each with its line and column."""

from lesions.params.schema import main
from lesions.runtime.console import run

if __name__ == "__main__":
    run(main, recovery_hint="Nothing was run.")
