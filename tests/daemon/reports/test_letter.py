from datetime import UTC, datetime

from garrison.base.languages import translator
from garrison.daemon.reports.letter import News, as_html, as_text, letter_of
from garrison.daemon.reports.query import Row
from garrison.sdk import Counted


def news(colour: str = "green", threats: int = 0, needs: tuple[str, ...] = (), path: str = "/x") -> News:
    at = "2026-01-04T10:00:00.000+00:00"
    worst = [Row(9, at, "scan", "ThreatFound", "critical", 0, "Eicar was found in {path}", {"path": path})]
    return News(
        until=datetime(2026, 1, 5, tzinfo=UTC),
        colour=colour,
        counts={**dict.fromkeys(Counted, 1), Counted.THREATS: threats},
        worst=worst if threats else [],
        more=max(0, threats - 1),
        needs=needs,
        rows=12,
        head=12,
        chain="ab" * 32,
    )


def test_a_quiet_week_is_told_in_plain_sentences() -> None:
    text = as_text(letter_of(news()), translator("en"))
    assert text.startswith("Your week with Garrison, 2025-12-29 to 2026-01-05\n  You are protected.\n")
    for line in ("Nothing harmful was found.", "1 scan ended.", "What needs you\n  Nothing.", "Its mark: " + "ab" * 32):
        assert line in text


def test_what_was_found_and_what_is_wrong_is_told() -> None:
    letter = letter_of(news("red", 3, ("The databases are old",), "/<b>\x1b\udcff" + "x" * 1000))
    text, page = as_text(letter, translator("en")), as_html(letter, translator("en"))
    for line in (
        "This computer is at risk.",
        "3 threats were found.",
        "2 more are in the report.",
        "databases are old.",
    ):
        assert line in text
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    assert "\x1b" not in text + page
    assert len(text) < 2000
    assert (text + page).encode("utf-8", "strict")


def test_it_is_written_in_the_readers_language() -> None:
    letter = letter_of(news("red", 3))
    text, page = as_text(letter, translator("de")), as_html(letter, translator("ar"))
    assert "3 threats were found." not in text
    assert "Bedrohungen" in text
    assert '<html lang="ar" dir="rtl">' in page
