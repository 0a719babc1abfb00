"""The Flask application: pages for people; for programs `POST /api/predict`, `/openapi.json` and `/healthz`."""

import math
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, render_template, request, send_file
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app import wording
from app.output import PictureResult, as_object
from app.web.headers import add_security_headers
from app.web.openapi import openapi
from app.web.service import PredictionService, UploadOutcome
from app.web.uploads import MAX_BYTES, MEGABYTE, TOO_LARGE, InMemoryRequest, RefusedError, Upload, read_uploads
from app.web.workers import BusyError
from lesions import __version__

site = Blueprint("site", __name__)
FOR_PROGRAMS = ("/api/", "/healthz", "/openapi.json")  # answered in JSON, mistakes too
SENTENCES = {  # on what Flask finds by itself, instead of HTTP's names
    404: "There is nothing at this address.",
    413: TOO_LARGE,
    500: "The server failed; its log says how.",
}
Reply = tuple[str | Response, int, dict[str, str]]


def create_app(service: PredictionService | str) -> Flask:
    """The application; without a model, service is a sentence that says how to make one, and every page shows it."""
    app = Flask(__name__)
    app.request_class = InMemoryRequest
    app.json = UnsortedJSONProvider(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["service"] = service
    app.register_blueprint(site)
    add_security_headers(app)
    return app


class UnsortedJSONProvider(DefaultJSONProvider):
    """JSON with its keys in the same order as on the command line."""

    sort_keys = False


def current_service() -> PredictionService:
    """The service of the current application. Raises NoModelError where there is no model."""
    service = current_app.extensions["service"]
    if isinstance(service, str):
        raise NoModelError(service)
    return cast(PredictionService, service)


class NoModelError(Exception):
    """There is no model to serve; the text names the command that makes one."""


@site.get("/")
def index() -> str:
    """The upload page."""
    return _page(current_service())


@site.post("/")
def predict_page() -> Reply:
    """The same page with the predictions: of one picture in full, of several (or with view=table) as a table."""
    service = current_service()
    slug = request.form.get("example")
    if slug is None:
        uploads = read_uploads(request)
    elif slug in service.examples:
        uploads = [Upload(f"drawn as {service.examples[slug].drawn_as}", service.examples[slug].content)]
    else:
        abort(404)
    outcomes = service.predict(uploads, explain=True, with_view=True)
    if len(outcomes) > 1 or request.form.get("view") == "table":
        return _page(service, rows=outcomes), 200, {}
    (only,) = outcomes
    return _page(service, problem=only.result.error, view=only.view), only.status, {}


@site.post("/api/predict")
def predict_api() -> Reply:
    """The predictions for programs: a JSON list with an object for each picture, as on the command line."""
    service = current_service()
    explain = request.args.get("explain", "0")
    if explain not in ("0", "1"):
        raise RefusedError(400, "`explain` is 1, with the heat map, or 0.")
    outcomes = service.predict(read_uploads(request), explain=explain == "1")
    # One prediction is enough for 200; the other pictures carry their own `error`
    return jsonify([as_json(outcome.result) for outcome in outcomes]), min(o.status for o in outcomes), {}


def as_json(result: PictureResult) -> dict[str, object]:
    """The command line's JSON object of a picture, extended by the threshold, the heat map, ..."""
    prediction = result.prediction
    row = as_object(result) | {
        "threshold": prediction and prediction.threshold,
        "unlike_training": prediction and prediction.unlike_training,
    }
    if prediction is None or prediction.heat is None:
        return row
    heat = [[round(float(value), 3) for value in line] for line in prediction.heat]
    return row | {"heat_of": prediction.heat_of, "heat": heat, "heat_on_frame": prediction.heat_on_frame}


@site.get("/model")
def model_page() -> str:
    """The model card, scores and charts."""
    return render_template("model.html", current_page="model", card=current_service().card)


@site.get("/charts/<name>")
def chart(name: str) -> Response:
    """A chart of the bundle; no other file of it."""
    service = current_service()
    if name not in service.card.charts:
        abort(404)
    return send_file(service.folder.resolve() / name)


@site.get("/examples/<slug>.jpg")
def example(slug: str) -> Response:
    """An example picture."""
    examples = current_service().examples
    if slug not in examples:
        abort(404)
    return Response(examples[slug].content, mimetype="image/jpeg")


@site.get("/healthz")
def healthz() -> Reply:
    """Whether there is a model, and its version."""
    return jsonify({"status": "ok", "model": current_service().metadata.version}), 200, {}


@site.get("/openapi.json")
def openapi_document() -> Reply:
    """What programs may send, and what they get."""
    service = current_app.extensions["service"]
    return jsonify(openapi("none" if isinstance(service, str) else service.metadata.version)), 200, {}


@site.app_context_processor
def template_context() -> dict[str, object]:
    """The variables of every template."""
    service = current_app.extensions["service"]
    return {
        "words": wording,
        "lesions_version": __version__,
        "disclaimers": None if isinstance(service, str) else service.disclaimers,
        "limits": {"bytes": MAX_BYTES, "megabytes": MAX_BYTES // MEGABYTE, "too_large": TOO_LARGE},
    }


@site.app_errorhandler(RefusedError)
def refused(error: RefusedError) -> Reply:
    """A rejected upload."""
    return _message_response(error.status, str(error))


@site.app_errorhandler(BusyError)
def busy(error: BusyError) -> Reply:
    """The worker pool is full, or the prediction took too long: try again later."""
    return _message_response(503, f"{error}.", {"Retry-After": str(math.ceil(error.seconds))})


@site.app_errorhandler(NoModelError)
def no_model(error: NoModelError) -> Reply:
    """Nothing is served yet."""
    if request.path.startswith(FOR_PROGRAMS):
        return jsonify({"status": "no model", "error": str(error)}), 503, {}
    return render_template("message.html", title="No model yet", text=str(error)), 503, {}


@site.app_errorhandler(HTTPException)
def failed(error: HTTPException) -> Reply:
    """No such page, a wrong method, a body that is too large, a defect of ours."""
    code = error.code or 500
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        methods = sorted(error.valid_methods)
        wanted = " and ".join(method for method in methods if method in ("GET", "POST"))
        return _message_response(code, f"Only {wanted} is answered here.", {"Allow": ", ".join(methods)})
    return _message_response(code, SENTENCES.get(code, f"{error.name}."))


def _message_response(status: int, text: str, headers: dict[str, str] | None = None) -> Reply:
    """A response with only a sentence: JSON for programs, else the page of the request."""
    if request.path.startswith(FOR_PROGRAMS):
        return jsonify({"error": text}), status, headers or {}
    service = current_app.extensions["service"]
    if request.path == "/" and isinstance(service, PredictionService):
        return _page(service, problem=text), status, headers or {}
    return render_template("message.html", title=text, text=""), status, headers or {}


def _page(
    service: PredictionService, problem: str = "", view: object = None, rows: list[UploadOutcome] | None = None
) -> str:
    return render_template(
        "index.html", current_page="index", examples=service.examples.values(), problem=problem, view=view, rows=rows
    )
