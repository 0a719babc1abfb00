"""Plans of experiments: waiting for DVC's queue."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from studies import experiments


class Queue:
    """DVC's queue as one sees it from poll to poll."""

    def __init__(self, *polls: dict[str, str]) -> None:
        self.polls: Iterator[dict[str, str]] = iter(polls)
        self.states: dict[str, str] = {}

    def status(self) -> list[dict[str, Any]]:
        self.states = next(self.polls)
        return [{"name": name, "status": status} for name, status in self.states.items()]

    def worker_status(self) -> dict[str, list[str]]:
        return {"dvc-exp-1@localhost": []}


def wait_for_experiments(monkeypatch: pytest.MonkeyPatch, queue: Queue, names: list[str]) -> list[str]:
    monkeypatch.setattr(experiments, "Repo", lambda: SimpleNamespace(experiments=SimpleNamespace(celery_queue=queue)))
    monkeypatch.setattr(
        experiments,
        "finished_experiments",
        lambda: {name for name, status in queue.states.items() if status == "Success"},
    )
    monkeypatch.setattr(experiments, "available_cores", lambda: 1)
    monkeypatch.setattr(experiments, "POLL_SECONDS", 0.0)
    return experiments._wait_for_experiments(names)


def test_an_experiment_between_queue_and_worker_has_not_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC lists a task neither as queued nor as running while a worker takes it up."""
    between = {"first": "Success"}
    queue = Queue({"first": "Running", "second": "Queued"}, between, between | {"second": "Running"},
                  between | {"second": "Success"})  # fmt: skip
    assert wait_for_experiments(monkeypatch, queue, ["first", "second"]) == []


def test_a_failed_experiment_is_named_when_nothing_is_left_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    over = {"first": "Success", "second": "Failed"}
    assert wait_for_experiments(
        monkeypatch, Queue({"first": "Running", "second": "Queued"}, over, over), ["first", "second"]
    ) == ["second"]
