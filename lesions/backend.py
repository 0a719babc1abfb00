"""The one door to Keras and TensorFlow: what must be set before they are imported is set here, and nowhere else."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"  # TensorFlow's own switch: 0 shows everything, 2 errors alone


@contextmanager
def _without_startup_noise() -> Iterator[None]:
    """Hold back what TensorFlow writes to stderr below Python; show it after all if the block fails.

    TensorFlow 2.21 writes ten lines on oneDNN and absent GPUs before its own log level takes effect. Whoever wants to
    read them sets that level to 0 or 1.
    """
    if os.environ.setdefault(LOG_LEVEL, "2") in ("0", "1"):
        yield
        return
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        except BaseException:
            held_back.seek(0)
            os.write(stderr, held_back.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)


os.environ["KERAS_BACKEND"] = "tensorflow"  # a ~/.keras/keras.json may say otherwise

with _without_startup_noise():
    import keras
    import tensorflow as tf

    tf.config.list_physical_devices()  # the search for GPUs is as chatty as the import

__all__ = ["keras", "tf"]
