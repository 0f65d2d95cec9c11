"""The inbox: questions to people that wait until they are answered or their time is up."""

import asyncio
import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    """Keeps questions across restarts: one that is asked again, in the same words, gets the answer given meanwhile."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: dict[int, asyncio.Event] = {}

    async def ask(self, component: str, question: Question, owner: int) -> str:
        """Put a question and return the choice that was made; the fallback when nobody answers in time."""
        if question.default not in question.choices:
            raise Invalid("The fallback “{default}” is not among the choices.", default=question.default)
        self._expire()
        row = self._same(component, question, owner) or self._add(component, question, owner)
        number = int(row["id"])
        if row["answer"] is None:
            await self._wait(number, datetime.fromisoformat(row["until"]), question.default)
        self._store.write("UPDATE question SET delivered = 1 WHERE id = ?", (number,))
        answer: str = self._row(number)["answer"]
        return answer

    async def _wait(self, number: int, until: datetime, fallback: str) -> None:
        answered = self._waiting.setdefault(number, asyncio.Event())
        try:
            async with asyncio.timeout((until - self._clock.now()).total_seconds()):
                await answered.wait()
        except TimeoutError:
            self._close(number, fallback, None)

    def _same(self, component: str, question: Question, owner: int) -> sqlite3.Row | None:
        """Return the question as it was asked before, when it is open or its answer never arrived."""
        found: sqlite3.Row | None = self._store.read(
            "SELECT * FROM question WHERE component = ? AND name = ? AND owner = ? AND says = ? AND details = ?"
            " AND choices = ? AND delivered = 0 ORDER BY id DESC LIMIT 1",
            (component, question.id, owner, *_words(question)),
        ).fetchone()
        return found

    def _add(self, component: str, question: Question, owner: int) -> Any:
        now = self._clock.now()
        until = now + timedelta(seconds=question.wait_seconds)
        number = self._store.write(
            "INSERT INTO question (component, name, owner, says, details, choices, asked, fallback, until)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                component,
                question.id,
                owner,
                *_words(question),
                now.isoformat(timespec="seconds"),
                question.default,
                until.isoformat(),
            ),
        )
        return self._row(number)

    def cards(self, caller: Caller, with_answered: bool = False) -> list[Card]:
        """Return the questions that a caller may see, oldest first."""
        self._expire()
        rows = self._store.read("SELECT * FROM question ORDER BY id").fetchall()
        return [_card(row) for row in rows if caller.sees(row["owner"]) and (with_answered or row["answer"] is None)]

    def answer(self, caller: Caller, number: int, choice: str) -> None:
        """Answer a question. Raises NotFound, Refused, Invalid."""
        self._expire()
        row = self._row(number)
        if row is None or not caller.sees(row["owner"]):
            raise NotFound("There is no question {number}.", "garrison inbox list shows them.", number=number)
        if row["answer"] is not None:
            raise Refused("Question {number} is answered already: {row}.", number=number, row=row["answer"])
        choices = json.loads(row["choices"])
        if choice not in choices:
            raise Invalid(
                "“{choice}” is not a choice.", "{advice}", choice=choice, advice="Choices: " + ", ".join(choices)
            )
        self._close(number, choice, caller.uid)

    def _expire(self) -> None:
        """Give the fallback to what nobody answered in time, also while the suite was not running."""
        now = self._clock.now()
        for row in self._store.read("SELECT id, until, fallback FROM question WHERE answer IS NULL").fetchall():
            if datetime.fromisoformat(row["until"]) <= now:
                self._close(row["id"], row["fallback"], None)

    def _row(self, number: int) -> Any:  # a row, or None
        # Beyond 64 bits there are no numbers in the database, and so no questions.
        return self._store.read("SELECT * FROM question WHERE id = ?", (max(0, min(number, 2**63 - 1)),)).fetchone()

    def _close(self, number: int, choice: str, by: int | None) -> None:
        self._store.write(
            "UPDATE question SET answer = ?, answered = ?, answered_by = ? WHERE id = ? AND answer IS NULL",
            (choice, self._clock.now().isoformat(timespec="seconds"), by, number),
        )
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            waiting.set()


def _words(question: Question) -> tuple[str, str, str]:
    details = json.dumps(to_plain(question.text.values), ensure_ascii=True, sort_keys=True)
    return question.text.text, details, json.dumps(question.choices, ensure_ascii=True)


def _card(row: sqlite3.Row) -> Card:
    return Card(
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
