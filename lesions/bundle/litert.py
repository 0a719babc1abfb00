"""An exported network, run by LiteRT: pixels in, logits and features out."""

import threading
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from lesions.data.pixels import Pixels
from lesions.runtime.stderr import deferred_stderr


class NetworkOutputs(NamedTuple):
    """Of one picture: logits (classes,) and the last layer's input (features,).

    feature_map: (rows, columns, features), whose mean the features are; None where the network does not average it.
    """

    logits: NDArray[np.float64]
    features: NDArray[np.float32]
    feature_map: NDArray[np.float32] | None


class LiteRTNetwork:
    """A loaded LiteRT file of lesions/export/export.py; run() may be called in several threads at once.

    Raises ValueError or RuntimeError where the content is no such file.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._threads = threading.local()  # an interpreter is not thread-safe
        with deferred_stderr():  # it announces its use of the processor, once
            self._runner()

    def run(self, picture: Pixels) -> NetworkOutputs:
        """The outputs for one picture (side, side, 3).

        Pictures go through one by one: sums over several would differ in their last bits with their number.
        """
        outputs = self._runner()(pixels=picture[None].astype(np.float32))
        feature_map = outputs["feature_map"][0] if "feature_map" in outputs else None
        return NetworkOutputs(outputs["logits"][0].astype(np.float64), outputs["features"][0], feature_map)

    def _runner(self) -> Any:
        if not hasattr(self._threads, "runner"):
            interpreter = Interpreter(model_content=self._content, num_threads=1)
            interpreter.allocate_tensors()
            self._threads.runner = interpreter.get_signature_runner()
        return self._threads.runner
