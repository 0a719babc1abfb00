"""Make the demo data set. Writes data/demo (synthetic pictures) and data/demo_faults.json (what is wrong in it)."""

from pathlib import Path

from lesions import console, demo


def main() -> None:
    """Draw the pictures and plant the faults."""
    pictures, faults = demo.make(Path("data/demo"), Path("data/demo_faults.json"))
    print(
        f"data/demo: {pictures} synthetic pictures of 9 classes; data/demo_faults.json lists {faults} planted faults."
    )


if __name__ == "__main__":
    console.run(main)
