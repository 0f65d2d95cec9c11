"""Every operation, asked through the door of a real suite, refuses hostile arguments politely and can be cancelled."""

import time
from pathlib import Path
from typing import Any

import pytest

from garrison.base.errors import GarrisonError, Invalid, Unexpected
from garrison.wire.manifest import Operation, Value
from tests.contract.cases import OPERATIONS
from tests.suite import RunningSuite

_ENDS = {"suite.shutdown"}
_HOSTILE: tuple[Any, ...] = (
    None,
    -1,
    10**30,
    1e308,
    "",
    "\udcff\ud800",
    "x" * 100_000,
    "/\0",
    "../../etc/shadow",
    "'; DROP TABLE event; --",
    "{x.__class__}",
    [],
    ["/\udcff", 3, None],
    {"a": {"b": []}},
    True,
)
by_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)


def _good(value: Value) -> Any:
    nowhere = "/nonexistent"
    good: dict[str, Any] = {"text": "x", "secret": "x", "integer": 1, "number": 1.0, "flag": True}
    good |= dict.fromkeys(("path", "place", "place-or-name"), nowhere)
    one = value.choices[0] if value.choices else good[value.kind]
    return [one] if value.many else one


@by_operation
def test_an_unknown_argument_is_named(suite: RunningSuite, operation: Operation) -> None:
    arguments = {value.name: _good(value) for value in operation.parameters}
    with pytest.raises(Invalid, match="no_such_argument"):
        suite.call(operation.id, **arguments, no_such_argument=1)


@by_operation
def test_hostile_values_are_refused_politely(suite: RunningSuite, operation: Operation) -> None:
    for value in operation.parameters:
        good = {other.name: _good(other) for other in operation.parameters if other.required}
        for hostile in _HOSTILE:
            _politely(suite, operation, {**good, value.name: hostile})
    if any(value.required for value in operation.parameters):
        _politely(suite, operation, {})


def _politely(suite: RunningSuite, operation: Operation, arguments: dict[str, Any]) -> None:
    """Ask; a task goes to the background once its arguments are accepted, and is cancelled there."""
    try:
        with suite.connected() as client:
            answer = client.call(operation.id, arguments, background=operation.is_task)
            if operation.is_task:
                client.call("suite.job-cancel", {"job": answer["result"]["job"]})
    except Unexpected as error:
        pytest.fail(f"{operation.id} {arguments!r:.200}: {error.text}")
    except GarrisonError as error:
        if not error.text.endswith((".", "?")):
            pytest.fail(f"{operation.id}: no sentence: {error.text}")


@pytest.mark.parametrize("operation", [op for op in OPERATIONS if op.is_task], ids=lambda operation: operation.id)
def test_tasks_cancel_within_a_second(suite: RunningSuite, operation: Operation, tmp_path: Path) -> None:
    arguments = {value.name: _good(value) for value in operation.parameters if value.required}
    if "paths" in arguments:
        arguments["paths"] = ["/usr"]
    if operation.id == "databases.compile":
        arguments["to"] = str(tmp_path / "set")
    with suite.connected() as client:
        job = client.call(operation.id, arguments, background=True)["result"]["job"]
        client.call("suite.job-cancel", {"job": job})
        began = time.monotonic()
        while _state(suite, job) == "running":
            assert time.monotonic() - began < 1.0
            time.sleep(0.02)
        assert _state(suite, job) in {"cancelled", "done", "failed"}  # the last: there was nothing to do


def _state(suite: RunningSuite, job: int) -> str:
    states = {row["id"]: row["state"] for row in suite.call("suite.jobs")}
    state: str = states[job]
    return state
