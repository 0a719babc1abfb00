"""Make the demo data set. Writes data/demo (synthetic pictures) and data/demo_faults.json (what is wrong in it)."""

from lesions.demo import dataset
from lesions.demo.plan import plan
from lesions.params.paths import DEMO, DEMO_FAULTS
from lesions.runtime import console


def main() -> None:
    """Draw the pictures and plant the faults."""
    pictures = plan()
    faults = dataset.make(DEMO, DEMO_FAULTS, pictures)
    classes = len({picture.class_name for picture in pictures})
    print(f"{DEMO}: {len(pictures)} synthetic pictures of {classes} classes with {faults} planted faults")


if __name__ == "__main__":
    console.run(main)
