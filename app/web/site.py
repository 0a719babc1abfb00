"""What is served: a model, its card, pictures to try, what is said beside every score, and the way to an answer."""

import hashlib
import logging
import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from app.web.card import read_card
from app.web.desk import Desk
from app.web.examples import make_examples
from app.web.notice import notice_of
from app.web.showing import Shown, show
from app.web.uploads import Refused, Upload, check
from lesions.bundle import Bundle, Prediction
from lesions.console import available_cores
from lesions.images import PictureError

WAITING = 32  # pictures; at a hundred a second the last of them has its answer in a third of a second
SECONDS = 10.0  # for a request as a whole
ONLY_EXAMPLES = (
    "This model was trained on synthetic pictures and answers its own example pictures only: it knows nothing about "
    "skin. The banner says how to train one on real pictures."
)

log = logging.getLogger("lesions.web")


class Answer(NamedTuple):
    """One picture: what the model says, or why it says nothing, with the HTTP status of that."""

    name: str
    said: Prediction | None = None
    shown: Shown | None = None
    error: str = ""
    status: int = 200


class Site:
    """A model ready to be asked by many at once; the pictures pass through memory and are dropped with the answer."""

    def __init__(self, folder: Path, workers: int | None = None, waiting: int = WAITING, seconds: float = SECONDS) -> None:
        self.folder = folder
        self.bundle = Bundle.load(folder)
        self.about = self.bundle.about
        self.notice = notice_of(self.about)
        self.card = read_card(folder)
        self.examples = make_examples()
        self.seconds = seconds
        self.desk: Desk[Answer] = Desk(workers or available_cores(), waiting)
        self._known = {example.sha256 for example in self.examples.values()}

    def answer(self, uploads: list[Upload], explain: bool = False, picture: bool = False) -> list[Answer]:
        """An answer for each upload, in order; with what a page shows if `picture`. Raises Busy."""
        end = time.monotonic() + self.seconds
        return [self.desk.ask(partial(self._look, upload, explain, picture), end) for upload in uploads]

    def _look(self, upload: Upload, explain: bool, picture: bool) -> Answer:
        start = time.perf_counter()
        name, content = upload
        try:
            check(content)
            self._refuse_strangers(content)
            said = self.bundle.predict(self.bundle.pixels(content)[None], explain)[0]
            shown = show(name, content, said, self.about) if picture else None
            return Answer(name, said, shown)
        except Refused as refused:
            return Answer(name, error=str(refused), status=refused.status)
        except PictureError as error:
            return Answer(name, error=f"The picture cannot be decoded: {error.detail}.", status=422)
        finally:
            log.info("a picture of %d bytes: %.0f ms", len(content), 1000 * (time.perf_counter() - start))

    def _refuse_strangers(self, content: bytes) -> None:
        """A model that has seen no skin must not be asked about any."""
        if self.about.data.synthetic and hashlib.sha256(content).hexdigest() not in self._known:
            raise Refused(403, ONLY_EXAMPLES)
