"""Reading and writing of result files by their models. Their JSON schemas: docs/schema, by lesions/data/schema.py."""

from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from lesions.runtime.console import UserError
from lesions.runtime.outputs import write_json


class Part(BaseModel):
    """A group of keys. No unknown key, no silent conversion, no NaN, no change after it was made."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ResultFile(Part):
    """The whole content of a file; `command` makes it."""

    command: ClassVar[str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """The content of a file. Raises UserError where it is missing, damaged, or of another version."""
        try:
            return cls.parse(path.read_text(encoding="utf-8"), path.as_posix())
        except FileNotFoundError:
            raise UserError(f"{path} is not there: run `dvc repro` first") from None
        except UnicodeDecodeError:
            raise UserError(f"{path} holds no JSON: make it again with `{cls.command}`") from None

    @classmethod
    def parse(cls, text: str, name: str) -> Self:
        """The content of a file as text; name: of the file, for errors. Raises UserError as read() does."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            fault = f"is of another version of this project ({key}: {first['msg']})"
            if first["type"] == "json_invalid":
                fault = "holds no JSON"
            raise UserError(f"{name} {fault}: make it again with `{cls.command}`") from None

    def as_json(self) -> dict[str, Any]:
        """The content, ready for JSON."""
        return self.model_dump(mode="json")

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_json(path, self.as_json())
