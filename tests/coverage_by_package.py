"""Coverage of each package of lesions/ by lines and branches: `python -m tests.coverage_by_package coverage.json`."""

import json
import sys
from collections import Counter
from pathlib import Path

LEAST = 85  # per cent


def main() -> None:
    covered, total = Counter[str](), Counter[str]()
    for name, file in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["files"].items():
        package, summary = "/".join(Path(name).parts[:2]), file["summary"]
        covered[package] += summary["covered_lines"] + summary["covered_branches"]
        total[package] += summary["num_statements"] + summary["num_branches"]
    total = Counter({package: n for package, n in total.items() if n and package.count("/") and ".py" not in package})
    for package in sorted(total):
        print(f"{package:24} {100 * covered[package] / total[package]:5.1f} %")
    low = [package for package in sorted(total) if 100 * covered[package] < LEAST * total[package]]
    if low:
        sys.exit(f"error: less than {LEAST} % of the lines and branches are run by a test: {', '.join(low)}")


if __name__ == "__main__":
    main()
