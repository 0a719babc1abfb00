"""The only import of Keras and TensorFlow: their environment is set here first, and nowhere else."""

import os
from contextlib import AbstractContextManager, nullcontext

from lesions.runtime.parallel import keep_freed_memory
from lesions.runtime.stderr import deferred_stderr

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"  # TensorFlow's own switch: 1 computes with oneDNN's kernels, 0 with Eigen's
LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"  # TensorFlow's own switch: 0 shows everything, 2 errors alone


def _without_startup_noise() -> AbstractContextManager[None]:
    """Hold back what TensorFlow writes to stderr below Python; show it after all if the block fails.

    TensorFlow 2.21 writes ten lines on oneDNN and absent GPUs before its own log level takes effect. To see
    them, set that level to 0 or 1.
    """
    return nullcontext() if os.environ.setdefault(LOG_LEVEL, "2") in ("0", "1") else deferred_stderr()


os.environ["KERAS_BACKEND"] = "tensorflow"  # a ~/.keras/keras.json may say otherwise
os.environ.setdefault(ONEDNN, "1")  # TensorFlow leaves it off where the processor has no VNNI, BF16 or AMX instructions
keep_freed_memory()

with _without_startup_noise():
    import keras
    import tensorflow as tf

    tf.config.list_physical_devices()  # the search for GPUs writes to stderr as well

__all__ = ["keras", "tf"]
