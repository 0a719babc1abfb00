"""The prediction service: a model with its card, example pictures and disclaimers, and the prediction of uploads."""

import hashlib
import logging
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

from app.output import PictureResult
from app.web.disclaimers import disclaimers_for
from app.web.examples import make_examples
from app.web.model_card import read_card
from app.web.uploads import RefusedError, Upload, check_upload
from app.web.view import PictureView, picture_view
from app.web.workers import WorkerPool
from lesions.bundle.bundle import Bundle
from lesions.data.picture_files import PictureError
from lesions.runtime.console import available_cores

MAX_WAITING = 32  # pictures; at a hundred a second the last of them waits a third of a second
REQUEST_SECONDS = 10.0  # for a request as a whole
ONLY_EXAMPLES = (
    "This model was trained on synthetic pictures and answers its own example pictures only: it knows nothing about "
    "skin. The banner says how to train one on real pictures."
)

log = logging.getLogger("lesions.web")


class UploadOutcome(NamedTuple):
    """One upload: its result, its view on the page, and the HTTP status of a request with this upload alone."""

    result: PictureResult
    view: PictureView | None = None
    status: int = 200


class PredictionService:
    """A model for concurrent requests; pictures are held in memory only, until the response is made."""

    def __init__(
        self, folder: Path, workers: int | None = None, waiting: int = MAX_WAITING, seconds: float = REQUEST_SECONDS
    ) -> None:
        self.folder = folder
        self.bundle = Bundle.load(folder)
        self.metadata = self.bundle.metadata
        self.disclaimers = disclaimers_for(self.metadata)
        self.card = read_card(folder)
        self.examples = make_examples()
        self.seconds = seconds
        self.workers: WorkerPool[UploadOutcome] = WorkerPool(workers or available_cores(), waiting)
        self._example_hashes = {example.sha256 for example in self.examples.values()}

    def predict(self, uploads: list[Upload], explain: bool = False, with_view: bool = False) -> list[UploadOutcome]:
        """The outcome of each upload, in order; with its view if `with_view`. Raises BusyError."""
        end = time.monotonic() + self.seconds
        return [self.workers.run(partial(self._predict, upload, explain, with_view), end) for upload in uploads]

    def _predict(self, upload: Upload, explain: bool, with_view: bool) -> UploadOutcome:
        start = time.perf_counter()
        name, content = upload
        try:
            check_upload(content)
            self._refuse_non_examples(content)
            prediction = self.bundle.predict(self.bundle.pixels(content)[None], explain)[0]
            view = picture_view(name, content, prediction, self.metadata) if with_view else None
            return UploadOutcome(PictureResult(name, prediction), view)
        except RefusedError as error:
            return UploadOutcome(PictureResult(name, None, str(error)), status=error.status)
        except PictureError as error:
            return UploadOutcome(
                PictureResult(name, None, f"The picture cannot be decoded: {error.detail}."), status=422
            )
        finally:
            log.info("a picture of %d bytes: %.0f ms", len(content), 1000 * (time.perf_counter() - start))

    def _refuse_non_examples(self, content: bytes) -> None:
        """Raise RefusedError where a model of synthetic pictures gets any picture that is not an example."""
        if self.metadata.data.synthetic and hashlib.sha256(content).hexdigest() not in self._example_hashes:
            raise RefusedError(403, ONLY_EXAMPLES)
