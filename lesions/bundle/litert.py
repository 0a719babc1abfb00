"""An exported network, run by LiteRT: pixels in, logits and features out."""

import threading
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from lesions.data.images import Pixels
from lesions.runtime.stderr import deferred_stderr


class NetworkOutputs(NamedTuple):
    """Of one picture: logits (classes,), the last layer's input (features,), and what that is the mean of.

    feature_map: (rows, columns, features), None where the network does not average its last feature map.
    """

    logits: NDArray[np.float64]
    features: NDArray[np.float32]
    feature_map: NDArray[np.float32] | None


class LiteRTNetwork:
    """A LiteRT file of lesions/export/export.py, ready to run in as many threads as there may be.

    Raises ValueError or RuntimeError where the content is no such file.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._threads = threading.local()  # an interpreter is not for two threads at once
        with deferred_stderr():  # it announces its use of the processor, once
            self._runner()

    def run(self, picture: Pixels) -> NetworkOutputs:
        """The outputs for one picture (side, side, 3).

        Pictures go through one by one: sums over several would differ in their last bits with their number.
        """
        found = self._runner()(pixels=picture[None].astype(np.float32))
        feature_map = found["feature_map"][0] if "feature_map" in found else None
        return NetworkOutputs(found["logits"][0].astype(np.float64), found["features"][0], feature_map)

    def _runner(self) -> Any:
        if not hasattr(self._threads, "runner"):
            interpreter = Interpreter(model_content=self._content, num_threads=1)
            interpreter.allocate_tensors()
            self._threads.runner = interpreter.get_signature_runner()
        return self._threads.runner
