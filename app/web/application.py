"""The Flask application: pages for people, `POST /api/predict` for programs, `/healthz` for whoever watches over it."""

import math
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, render_template, request, send_file
from werkzeug.exceptions import HTTPException

from app.web.desk import Busy
from app.web.headers import guard
from app.web.site import Answer, Site
from app.web.uploads import MAX_BYTES, MEGABYTE, TOO_LARGE, InMemoryRequest, Refused, Upload, take
from lesions import wording

site = Blueprint("site", __name__)
Reply = tuple[str | Response, int, dict[str, str]]


def create_app(served: Site | str) -> Flask:
    """The application that serves a model; without one (a sentence instead) every page says how to make one."""
    app = Flask(__name__)
    app.request_class = InMemoryRequest
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["served"] = served
    app.register_blueprint(site)
    guard(app)
    return app


def the_site() -> Site:
    """What is served. Ends the request where there is no model."""
    served = current_app.extensions["served"]
    if isinstance(served, str):
        raise NoModel(served)
    return cast(Site, served)


class NoModel(Exception):
    """There is nothing to serve; the text names the command that makes it."""


@site.get("/")
def index() -> str:
    return _page(the_site())


@site.post("/")
def answer() -> Reply:
    found = the_site()
    chosen = request.form.get("example", "") if request.mimetype != "application/octet-stream" else ""
    if chosen:
        if chosen not in found.examples:
            abort(404)
        example = found.examples[chosen]
        uploads = [Upload(f"example drawn as {example.drawn_as}", example.content)]
    else:
        uploads = take(request)
    answers = found.answer(uploads, explain=True, picture=True)
    if len(answers) > 1 or request.form.get("view") == "table":
        return _page(found, rows=answers), 200, {}
    only = answers[0]
    if only.error:
        return _page(found, problem=only.error), only.status, {}
    return _page(found, shown=only.shown), 200, {}


@site.post("/api/predict")
def predict() -> Reply:
    answers = the_site().answer(take(request), explain=request.args.get("explain") == "1")
    # One answered picture is enough for 200; the others say in their `error` what is wrong with them
    status = min(answer.status for answer in answers)
    return jsonify([answer.as_json() for answer in answers]), status, {}


@site.get("/model")
def model_page() -> str:
    return render_template("model.html", here="model", card=the_site().card)


@site.get("/charts/<name>")
def chart(name: str) -> Response:
    found = the_site()
    if name not in found.card.charts:
        abort(404)
    return send_file(found.folder.resolve() / name)


@site.get("/examples/<slug>.jpg")
def example(slug: str) -> Response:
    examples = the_site().examples
    if slug not in examples:
        abort(404)
    return Response(examples[slug].content, mimetype="image/jpeg")


@site.get("/healthz")
def healthz() -> Reply:
    return jsonify({"status": "ok", "model": the_site().about.version}), 200, {}


@site.app_context_processor
def everywhere() -> dict[str, object]:
    served = current_app.extensions["served"]
    return {
        "not_a_device": wording.NOT_A_DEVICE,
        "notice": None if isinstance(served, str) else served.notice,
        "limits": {"bytes": MAX_BYTES, "megabytes": MAX_BYTES // MEGABYTE, "too_large": TOO_LARGE},
    }


@site.app_errorhandler(Refused)
def refused(error: Refused) -> Reply:
    return _say(error.status, str(error))


@site.app_errorhandler(Busy)
def busy(error: Busy) -> Reply:
    return _say(503, f"{error}.", {"Retry-After": str(math.ceil(error.seconds))})


@site.app_errorhandler(NoModel)
def no_model(error: NoModel) -> Reply:
    if request.path.startswith(("/api/", "/healthz")):
        return jsonify({"status": "no model", "error": str(error)}), 503, {}
    return render_template("message.html", title="No model yet", text=str(error)), 503, {}


@site.app_errorhandler(HTTPException)
def failed(error: HTTPException) -> Reply:
    code = error.code or 500
    return _say(code, TOO_LARGE if code == 413 else (error.name + "."))


def _say(status: int, text: str, headers: dict[str, str] | None = None) -> Reply:
    """An answer that is only a sentence: JSON for programs, else the page on which the request was made."""
    if request.path.startswith("/api/"):
        return jsonify({"error": text}), status, headers or {}
    served = current_app.extensions["served"]
    if request.path == "/" and isinstance(served, Site):
        return _page(served, problem=text), status, headers or {}
    return render_template("message.html", title=text, text=""), status, headers or {}


def _page(found: Site, problem: str = "", shown: object = None, rows: list[Answer] | None = None) -> str:
    return render_template(
        "index.html", here="index", examples=found.examples.values(), problem=problem, shown=shown, rows=rows
    )
