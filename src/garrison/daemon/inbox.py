"""The inbox: questions to people, which wait for an answer until their time is up, and notices, until they are read."""

import asyncio
import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from garrison.abilities.notices import OpenQuestion
from garrison.base.clock import Clock
from garrison.base.errors import Invalid, NotFound, Refused
from garrison.daemon.notices import NoticeBoard
from garrison.daemon.store import Store
from garrison.sdk import Caller, Question
from garrison.sdk.plain import to_plain
from garrison.sdk.values import render


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


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer that an account wants given without being asked."""

    component: str
    name: str
    choice: str
    at: str
    owner: int


class Inbox:
    """Keeps questions across restarts: one that is asked again, in the same words, gets the answer given meanwhile.

    notices: what people are told.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: dict[int, asyncio.Event] = {}
        self.notices = NoticeBoard(store, clock, self._open_questions)

    async def ask(self, component: str, question: Question, owner: int) -> str:
        """Put a question and return the choice that was made; the fallback when nobody answers in time."""
        if question.default not in question.choices:
            raise Invalid("The fallback “{default}” is not among the choices.", default=question.default)
        remembered = self._remembered(component, question.id, owner)
        if remembered in question.choices:
            return remembered
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
            "INSERT INTO question (id, component, name, owner, says, details, choices, asked, fallback, until)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.notices.next_number(),
                component,
                question.id,
                owner,
                *_words(question),
                now.isoformat(timespec="seconds"),
                question.default,
                until.isoformat(),
            ),
        )
        self.notices.tell()
        return self._row(number)

    def _open_questions(self, caller: Caller) -> list[OpenQuestion]:
        return [OpenQuestion(card.id, render(card.says, card.details), card.choices) for card in self.cards(caller)]

    def cards(self, caller: Caller, with_answered: bool = False) -> list[Card]:
        """Return the questions that a caller may see, oldest first."""
        self._expire()
        rows = self._store.read("SELECT * FROM question ORDER BY id").fetchall()
        return [_card(row) for row in rows if caller.sees(row["owner"]) and (with_answered or row["answer"] is None)]

    def answer(self, caller: Caller, number: int, choice: str, *, always: bool = False) -> None:
        """Answer a question. always: give this answer from now on without asking. Raises NotFound, Refused, Invalid."""
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
        if always:
            self._store.write(
                "INSERT OR REPLACE INTO remembered (component, name, owner, choice, at) VALUES (?, ?, ?, ?, ?)",
                (row["component"], row["name"], row["owner"], choice, self._clock.now().isoformat(timespec="seconds")),
            )
        self._close(number, choice, caller.uid)

    def _remembered(self, component: str, name: str, owner: int) -> str:
        row = self._store.read(
            "SELECT choice FROM remembered WHERE component = ? AND name = ? AND owner = ?", (component, name, owner)
        ).fetchone()
        return str(row["choice"]) if row else ""

    def remembered(self, caller: Caller) -> list[Remembered]:
        """Return the answers that are given without asking, as far as a caller may see them."""
        rows = self._store.read("SELECT * FROM remembered ORDER BY at, component, name").fetchall()
        names = ("component", "name", "choice", "at", "owner")
        return [Remembered(*(row[name] for name in names)) for row in rows if caller.sees(row["owner"])]

    def forget(self, caller: Caller, question: str) -> int:
        """Ask again: what is called COMPONENT.QUESTION, or everything for ""; return how many. Raises NotFound."""
        wanted = [each for each in self.remembered(caller) if question in {"", f"{each.component}.{each.name}"}]
        if question and not wanted:
            raise NotFound("No answer to “{question}” is remembered.", question=question)
        for each in wanted:
            self._store.write(
                "DELETE FROM remembered WHERE component = ? AND name = ? AND owner = ?",
                (each.component, each.name, each.owner),
            )
        return len(wanted)

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
        self.notices.tell()
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
