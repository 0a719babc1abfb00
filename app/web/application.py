"""The Flask application: pages for people, `POST /api/predict` for programs, `/healthz` for whoever watches over it."""

import math
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, render_template, request, send_file
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from app import wording
from app.output import PictureResult, as_object
from app.web.headers import guard
from app.web.service import PredictionService, UploadOutcome
from app.web.uploads import MAX_BYTES, MEGABYTE, TOO_LARGE, InMemoryRequest, RefusedError, Upload, take
from app.web.workers import BusyError

site = Blueprint("site", __name__)
Reply = tuple[str | Response, int, dict[str, str]]


def create_app(served: PredictionService | str) -> Flask:
    """The application that serves a model; without one (a sentence instead) every page says how to make one."""
    app = Flask(__name__)
    app.request_class = InMemoryRequest
    app.json = InOrder(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["served"] = served
    app.register_blueprint(site)
    guard(app)
    return app


class InOrder(DefaultJSONProvider):
    """JSON with its keys in the order that the command line gives them in."""

    sort_keys = False


def what_is_served() -> PredictionService:
    """What is served. Ends the request where there is no model."""
    served = current_app.extensions["served"]
    if isinstance(served, str):
        raise NoModelError(served)
    return cast(PredictionService, served)


class NoModelError(Exception):
    """There is nothing to serve; the text names the command that makes it."""


@site.get("/")
def index() -> str:
    """The page to upload to."""
    return _page(what_is_served())


@site.post("/")
def answer() -> Reply:
    """The same page with what the model says: of one picture in full, of several (or with view=table) as a table."""
    found = what_is_served()
    chosen = request.form.get("example")
    if chosen is None:
        uploads = take(request)
    elif chosen in found.examples:
        uploads = [Upload(f"drawn as {found.examples[chosen].drawn_as}", found.examples[chosen].content)]
    else:
        abort(404)
    outcomes = found.answer(uploads, explain=True, picture=True)
    if len(outcomes) > 1 or request.form.get("view") == "table":
        return _page(found, rows=outcomes), 200, {}
    (only,) = outcomes
    return _page(found, problem=only.answer.error, shown=only.shown), only.status, {}


@site.post("/api/predict")
def predict() -> Reply:
    """The same for programs: a JSON list with an object for each picture, as the command line writes it."""
    outcomes = what_is_served().answer(take(request), explain=request.args.get("explain") == "1")
    # One answered picture is enough for 200; the others say in their `error` what is wrong with them
    return jsonify([as_json(outcome.answer) for outcome in outcomes]), min(o.status for o in outcomes), {}


def as_json(answer: PictureResult) -> dict[str, object]:
    """A picture as the command line tells it, with what the page shows besides: the threshold, the heat map, ..."""
    said = answer.said
    row = as_object(answer) | {
        "threshold": said and said.threshold,
        "unlike_training": said and said.unlike_training,
    }
    if said is None or said.heat is None:
        return row
    heat = [[round(float(value), 3) for value in line] for line in said.heat]
    return row | {"heat_of": said.heat_of, "heat": heat, "heat_on_frame": said.heat_on_frame}


@site.get("/model")
def model_page() -> str:
    """The model card, scores and charts."""
    return render_template("model.html", here="model", card=what_is_served().card)


@site.get("/charts/<name>")
def chart(name: str) -> Response:
    """A chart of the bundle; no other file of it."""
    found = what_is_served()
    if name not in found.card.charts:
        abort(404)
    return send_file(found.folder.resolve() / name)


@site.get("/examples/<slug>.jpg")
def example(slug: str) -> Response:
    """A picture to try."""
    examples = what_is_served().examples
    if slug not in examples:
        abort(404)
    return Response(examples[slug].content, mimetype="image/jpeg")


@site.get("/healthz")
def healthz() -> Reply:
    """Whether there is a model, and which."""
    return jsonify({"status": "ok", "model": what_is_served().about.version}), 200, {}


@site.app_context_processor
def everywhere() -> dict[str, object]:
    """What every template needs."""
    served = current_app.extensions["served"]
    return {
        "words": wording,
        "notice": None if isinstance(served, str) else served.notice,
        "limits": {"bytes": MAX_BYTES, "megabytes": MAX_BYTES // MEGABYTE, "too_large": TOO_LARGE},
    }


@site.app_errorhandler(RefusedError)
def refused(error: RefusedError) -> Reply:
    """An upload that is not looked at."""
    return _say(error.status, str(error))


@site.app_errorhandler(BusyError)
def busy(error: BusyError) -> Reply:
    """No place, or no time: come again."""
    return _say(503, f"{error}.", {"Retry-After": str(math.ceil(error.seconds))})


@site.app_errorhandler(NoModelError)
def no_model(error: NoModelError) -> Reply:
    """Nothing is served yet."""
    if request.path.startswith(("/api/", "/healthz")):
        return jsonify({"status": "no model", "error": str(error)}), 503, {}
    return render_template("message.html", title="No model yet", text=str(error)), 503, {}


@site.app_errorhandler(HTTPException)
def failed(error: HTTPException) -> Reply:
    """No such page, a wrong method, a body that is too large."""
    code = error.code or 500
    return _say(code, TOO_LARGE if code == 413 else (error.name + "."))


def _say(status: int, text: str, headers: dict[str, str] | None = None) -> Reply:
    """An answer that is only a sentence: JSON for programs, else the page on which the request was made."""
    if request.path.startswith("/api/"):
        return jsonify({"error": text}), status, headers or {}
    served = current_app.extensions["served"]
    if request.path == "/" and isinstance(served, PredictionService):
        return _page(served, problem=text), status, headers or {}
    return render_template("message.html", title=text, text=""), status, headers or {}


def _page(
    found: PredictionService, problem: str = "", shown: object = None, rows: list[UploadOutcome] | None = None
) -> str:
    return render_template(
        "index.html", here="index", examples=found.examples.values(), problem=problem, shown=shown, rows=rows
    )
