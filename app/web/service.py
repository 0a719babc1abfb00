"""What is served: a model, its card, pictures to try, what is said beside every score, and the way to an answer."""

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
from app.web.uploads import RefusedError, Upload, check
from app.web.view import PictureView, picture_view
from app.web.workers import WorkerPool
from lesions.bundle.bundle import Bundle
from lesions.data.images import PictureError
from lesions.runtime.console import available_cores

WAITING = 32  # pictures; at a hundred a second the last of them has its answer in a third of a second
SECONDS = 10.0  # for a request as a whole
ONLY_EXAMPLES = (
    "This model was trained on synthetic pictures and answers its own example pictures only: it knows nothing about "
    "skin. The banner says how to train one on real pictures."
)

log = logging.getLogger("lesions.web")


class UploadOutcome(NamedTuple):
    """What came of one upload: the answer, what a page shows of it, and the HTTP status that it would have alone."""

    answer: PictureResult
    shown: PictureView | None = None
    status: int = 200


class PredictionService:
    """A model ready to be asked by many at once; the pictures pass through memory and are dropped with the answer."""

    def __init__(
        self, folder: Path, workers: int | None = None, waiting: int = WAITING, seconds: float = SECONDS
    ) -> None:
        self.folder = folder
        self.bundle = Bundle.load(folder)
        self.about = self.bundle.about
        self.notice = disclaimers_for(self.about)
        self.card = read_card(folder)
        self.examples = make_examples()
        self.seconds = seconds
        self.desk: WorkerPool[UploadOutcome] = WorkerPool(workers or available_cores(), waiting)
        self._known = {example.sha256 for example in self.examples.values()}

    def answer(self, uploads: list[Upload], explain: bool = False, picture: bool = False) -> list[UploadOutcome]:
        """What comes of each upload, in order; with what a page shows if `picture`. Raises BusyError."""
        end = time.monotonic() + self.seconds
        return [self.desk.ask(partial(self._look, upload, explain, picture), end) for upload in uploads]

    def _look(self, upload: Upload, explain: bool, picture: bool) -> UploadOutcome:
        start = time.perf_counter()
        name, content = upload
        try:
            check(content)
            self._refuse_strangers(content)
            said = self.bundle.predict(self.bundle.pixels(content)[None], explain)[0]
            shown = picture_view(name, content, said, self.about) if picture else None
            return UploadOutcome(PictureResult(name, said), shown)
        except RefusedError as refused:
            return UploadOutcome(PictureResult(name, None, str(refused)), status=refused.status)
        except PictureError as error:
            return UploadOutcome(
                PictureResult(name, None, f"The picture cannot be decoded: {error.detail}."), status=422
            )
        finally:
            log.info("a picture of %d bytes: %.0f ms", len(content), 1000 * (time.perf_counter() - start))

    def _refuse_strangers(self, content: bytes) -> None:
        """A model that has seen no skin must not be asked about any."""
        if self.about.data.synthetic and hashlib.sha256(content).hexdigest() not in self._known:
            raise RefusedError(403, ONLY_EXAMPLES)
