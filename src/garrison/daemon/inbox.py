"""The inbox: questions to people that wait until they are answered or their time is up."""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from garrison.base.clock import Clock
from garrison.base.errors import Invalid, NotFound, Refused
from garrison.daemon.store import Store
from garrison.sdk import Caller, Question
from garrison.sdk.plain import to_plain


@dataclass(frozen=True, slots=True)
class Card:
    """A question in the inbox. answer: "" while it is open."""

    id: int
    component: str
    says: str
    details: dict[str, Any]
    choices: dict[str, str]
    asked: str
    until: str
    answer: str
    owner: int


class Inbox:
    """Keeps questions across restarts: one that was asked again gets the answer that was given meanwhile."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._connection = store.connection
        self._clock = clock
        self._waiting: dict[int, asyncio.Event] = {}

    async def ask(self, component: str, question: Question, owner: int) -> str:
        """Put a question and return the choice that was made; the fallback when nobody answers in time."""
        if question.default not in question.choices:
            raise Invalid(f"The fallback “{question.default}” is not among the choices.")
        number = self._open(component, question, owner)
        answered = self._waiting.setdefault(number, asyncio.Event())
        try:
            async with asyncio.timeout(question.wait_seconds):
                await answered.wait()
        except TimeoutError:
            self._close(number, question.default, None)
        finally:
            self._waiting.pop(number, None)
        answer: str = self._connection.execute("SELECT answer FROM question WHERE id = ?", (number,)).fetchone()[0]
        return answer

    def _open(self, component: str, question: Question, owner: int) -> int:
        now = self._clock.now()
        same = self._connection.execute(
            "SELECT id FROM question WHERE component = ? AND name = ? AND owner = ? AND answer IS NULL",
            (component, question.id, owner),
        ).fetchone()
        if same:
            return int(same["id"])
        cursor = self._connection.execute(
            "INSERT INTO question (component, name, owner, asked, says, details, choices, fallback, until)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                component,
                question.id,
                owner,
                now.isoformat(timespec="seconds"),
                question.text.text,
                json.dumps(to_plain(question.text.values)),
                json.dumps(question.choices),
                question.default,
                (now + timedelta(seconds=question.wait_seconds)).isoformat(timespec="seconds"),
            ),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def cards(self, caller: Caller, with_answered: bool = False) -> list[Card]:
        """Return the questions that a caller may see, oldest first."""
        rows = self._connection.execute("SELECT * FROM question ORDER BY id")
        return [
            Card(
                id=row["id"],
                component=row["component"],
                says=row["says"],
                details=json.loads(row["details"]),
                choices=json.loads(row["choices"]),
                asked=row["asked"],
                until=row["until"],
                answer=row["answer"] or "",
                owner=row["owner"],
            )
            for row in rows
            if caller.sees(row["owner"]) and (with_answered or row["answer"] is None)
        ]

    def answer(self, caller: Caller, number: int, choice: str) -> None:
        """Answer a question. Raises NotFound, Refused, Invalid."""
        row = self._connection.execute("SELECT * FROM question WHERE id = ?", (number,)).fetchone()
        if row is None or not caller.sees(row["owner"]):
            raise NotFound(f"There is no question {number}.", "garrison inbox list shows them.")
        if row["answer"] is not None:
            raise Refused(f"Question {number} is answered already: {row['answer']}.")
        choices = json.loads(row["choices"])
        if choice not in choices:
            raise Invalid(f"“{choice}” is not a choice.", "Choices: " + ", ".join(choices))
        self._close(number, choice, caller.uid)
        if number in self._waiting:
            self._waiting[number].set()

    def _close(self, number: int, choice: str, by: int | None) -> None:
        self._connection.execute(
            "UPDATE question SET answer = ?, answered = ?, answered_by = ? WHERE id = ? AND answer IS NULL",
            (choice, self._clock.now().isoformat(timespec="seconds"), by, number),
        )
