"""The JSON schemas of the result files, for programs in other languages: `python -m lesions.data.schema` (make schema).

They stand in docs/schema, one a file, as draft 2020-12 of json-schema.org.
"""

import json
from pathlib import Path

from pydantic import TypeAdapter

from lesions.data.results.bundle import BundleMetadata
from lesions.data.results.comparison import Comparison
from lesions.data.results.decision import Decision
from lesions.data.results.export import ExportMetrics
from lesions.data.results.imbalance import ImbalanceMetrics
from lesions.data.results.prepare import PrepareMetrics
from lesions.data.results.scores import EvaluateMetrics, Scores
from lesions.runtime.console import run
from lesions.runtime.outputs import whole_file

FOLDER = Path("docs/schema")
MODELS: dict[str, type] = {  # by name of the file
    "comparison": Comparison,
    "decision": Decision,
    "evaluate": EvaluateMetrics,
    "export": ExportMetrics,
    "imbalance": ImbalanceMetrics,
    "lesions": BundleMetadata,
    "prepare": PrepareMetrics,
    "scores": Scores,
}


def schema_text(name: str) -> str:
    """The schema of `<name>.json` as JSON."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema = dialect | TypeAdapter(MODELS[name]).json_schema(mode="serialization")
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schemas into docs/schema of the current folder."""
    for name in MODELS:
        with whole_file(FOLDER / f"{name}.json") as file:
            file.write_text(schema_text(name), encoding="utf-8")
    print(f"{FOLDER}: {', '.join(f'{name}.json' for name in MODELS)}")


if __name__ == "__main__":
    run(main, recovery_hint="Nothing else was changed.")
