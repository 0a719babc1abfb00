"""The interface for programs does what `/openapi.json` says: schemathesis sends what it allows, and more."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import CheckFunction, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from app.web.application import create_app
from app.web.service import PredictionService
from benchmarks.mutated_uploads import send
from tests.web.test_malformed import jpeg, png

# No schema can say what a picture is: random bytes are allowed by it, and refused
NOT_HELD: list[CheckFunction] = [positive_data_acceptance]
REFUSALS = [400, 403, 405, 413, 415, 422]  # of what the document does not allow; a 413 of too many pictures among them
EXAMPLES = 40

schemathesis.openapi.media_type("image/jpeg", st.just(jpeg(1)))
schemathesis.openapi.media_type("image/png", st.just(png(1)))


@pytest.fixture(scope="module")
def application(bundle: Path) -> Flask:
    return create_app(PredictionService(bundle, seconds=60))


@pytest.mark.parametrize(
    ("path", "method", "mode"),
    [
        ("/api/predict", "POST", GenerationMode.POSITIVE),
        ("/api/predict", "POST", GenerationMode.NEGATIVE),
        ("/healthz", "GET", GenerationMode.POSITIVE),
        ("/openapi.json", "GET", GenerationMode.POSITIVE),
    ],
)
def test_every_answer_is_one_that_the_document_describes(
    application: Flask, path: str, method: str, mode: GenerationMode
) -> None:
    """An answer that the document does not know breaks the program that was written by it."""
    config = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}})
    schema = schemathesis.openapi.from_wsgi("/openapi.json", application, config=config)
    statuses: set[int] = set()

    @settings(
        max_examples=EXAMPLES, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck),
        derandomize=True, database=None,
    )  # fmt: skip
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def answers(case: schemathesis.Case[Any]) -> None:
        response = case.call()
        statuses.add(response.status_code)
        case.validate_response(response, excluded_checks=NOT_HELD)

    answers()
    assert (200 if mode is GenerationMode.POSITIVE else 400) in statuses, (
        f"too few kinds of answers were held: {statuses}"
    )


def test_the_document_is_there_before_a_model_is(application: Flask) -> None:
    without = create_app("there is no model yet").test_client()
    documents = [client.get("/openapi.json").get_json() for client in (without, application.test_client())]
    assert documents[0] == documents[1] | {"info": documents[0]["info"]}
    schema = schemathesis.openapi.from_wsgi("/openapi.json", create_app("there is no model yet"))
    for path, method in (("/healthz", "GET"), ("/api/predict", "POST")):
        answer = getattr(without, method.lower())(path)
        assert answer.status_code == 503
        schema[path][method].validate_response(answer)


def test_no_mutated_picture_is_answered_by_a_failure(application: Flask) -> None:
    """`python -m benchmarks.mutated_uploads` tries ten thousand of them, and looks at memory, too."""
    statuses = send(application, range(300))
    assert set(statuses) <= {200, 413, 415, 422}, statuses
    assert len(statuses) >= 3, "all alike: they are not what they should be"
