"""The weekly letter: one page in plain sentences. What was found and done, what needs you, and the journal's end."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from garrison.base.languages import Translator
from garrison.base.text import printable
from garrison.daemon.reports.formats import sentence
from garrison.daemon.reports.query import Query, Row
from garrison.sdk import Counted, Text

DAYS = 7
MOST_TOLD = 5  # of the worst that happened
_LONGEST = 300  # characters of one of them
TELLING = Query(severities=("critical", "important"), limit=MOST_TOLD)


@dataclass(frozen=True, slots=True)
class News:
    """What a letter tells. colour: of the status. needs: sentences on what is wrong now. worst: rows, newest first."""

    until: datetime
    colour: str
    counts: dict[str, int]
    worst: Sequence[Row]
    more: int
    needs: Sequence[str]
    rows: int
    head: int
    chain: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the letter. title: "" for the first."""

    title: Text
    lines: tuple[Text, ...]


def letter_of(news: News) -> tuple[Section, ...]:
    """Return the letter."""
    return (_how_it_stands(news), _what_happened(news), _what_needs_you(news), _the_end(news))


def _how_it_stands(news: News) -> Section:
    said = {
        "green": Text("You are protected."),
        "yellow": Text("You are protected, but something needs attention."),
        "red": Text("This computer is at risk."),
    }
    since = (news.until - timedelta(days=DAYS)).date().isoformat()
    title = Text("Your week with Garrison, {since} to {until}", since=since, until=news.until.date().isoformat())
    return Section(title, (said.get(news.colour, said["yellow"]),))


def _what_happened(news: News) -> Section:
    counts = news.counts
    lines = [
        Text("Nothing harmful was found.")
        if not counts[Counted.THREATS]
        else Text("{count} threat was found.", many="{count} threats were found.", count=counts[Counted.THREATS]),
        Text("{count} scan ended.", many="{count} scans ended.", count=counts[Counted.SCANS]),
        Text(
            "{count} update was taken into use.",
            many="{count} updates were taken into use.",
            count=counts[Counted.UPDATES],
        ),
    ]
    if counts[Counted.BLOCKED]:
        blocked = Text(
            "{count} harmful access was blocked.",
            many="{count} harmful accesses were blocked.",
            count=counts[Counted.BLOCKED],
        )
        lines.insert(1, blocked)
    lines += [Text("{day}: {what}.", day=row.at[:10], what=_short(row)) for row in news.worst]
    if news.more > 0:
        lines.append(Text("{count} more is in the report.", many="{count} more are in the report.", count=news.more))
    return Section(Text("What happened"), tuple(lines))


def _short(row: Row) -> str:
    told = sentence(row).rstrip(".")
    return told if len(told) <= _LONGEST else told[:_LONGEST] + "…"


def _what_needs_you(news: News) -> Section:
    lines = [Text("{what}.", what=what.rstrip(".")) for what in news.needs]
    return Section(Text("What needs you"), tuple(lines) or (Text("Nothing."),))


def _the_end(news: News) -> Section:
    return Section(
        Text("For your records"),
        (
            Text("The journal has {count} row.", many="The journal has {count} rows.", count=news.rows),
            Text("Row {row} closes it today. Its mark: {chain}", row=news.head, chain=news.chain),
            Text("Keep this letter: garrison report verify --head MARK shows whether anything before was changed."),
        ),
    )


def as_text(letter: Sequence[Section], t: Translator) -> str:
    """Return it as plain text."""
    parts = [f"{_said(part.title, t)}\n" + "".join(f"  {_said(line, t)}\n" for line in part.lines) for part in letter]
    return "\n".join(parts)


def as_html(letter: Sequence[Section], t: Translator) -> str:
    """Return it as a page of its own."""
    first, *others = letter
    told = "".join(
        f"<h2>{_safe(part.title, t)}</h2><ul>{''.join(f'<li>{_safe(line, t)}' for line in part.lines)}</ul>\n"
        for part in others
    )
    direction = "rtl" if t.language.right_to_left else "ltr"
    style = "body{font:12pt/1.5 system-ui,sans-serif;max-width:40em;margin:2em auto}li{overflow-wrap:anywhere}"
    return (
        f'<!DOCTYPE html>\n<html lang="{t.language.code}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>{_safe(first.title, t)}</title>"
        f"<style>{style}</style></head><body><h1>{_safe(first.title, t)}</h1>\n"
        f"{''.join(f'<p><strong>{_safe(line, t)}</strong>' for line in first.lines)}\n{told}</body></html>\n"
    )


def _said(text: Text, t: Translator) -> str:
    return printable(t.message(str(text)))


def _safe(text: Text, t: Translator) -> str:
    return html.escape(_said(text, t))
