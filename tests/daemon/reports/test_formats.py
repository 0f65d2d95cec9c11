import csv
import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.daemon.reports.formats import Format, body, end, start
from garrison.daemon.reports.query import Row

NASTY = 'a,"b"\r\nc\x1b[2J\u202e<script>|=\\\udcff'


def row(path: str = "/x", **changed: Any) -> Row:
    values: dict[str, Any] = {
        "id": 7, "at": "2026-01-05T12:00:00.000+01:00", "component": "scan", "name": "ThreatFound",
        "severity": "critical", "owner": 1001, "says": "Eicar was found in {path}", "details": {"path": path},
    }  # fmt: skip
    return Row(**{**values, **changed})


def whole(kind: Format, *rows: Row) -> str:
    return start(kind, "Title <of> it") + body(kind, rows) + end(kind)


@pytest.mark.parametrize("kind", list(Format))
@given(names=st.lists(st.binary(max_size=20).map(lambda name: name.decode("utf-8", "surrogateescape")), max_size=3))
def test_no_name_breaks_a_line(kind: Format, names: list[str]) -> None:
    text = whole(kind, *(row(name) for name in [*names, NASTY]))
    assert text.encode("utf-8", "strict")
    assert all(char.isprintable() or char in "\r\n\ufeff" for char in text)
    lines = body(kind, [row(name) for name in names]).splitlines()
    assert len(lines) == len(names)


def test_csv_is_read_back_and_holds_no_formula() -> None:
    text = whole(Format.CSV, row("/y"), row(NASTY), row("x", says="=" + "cmd|' /C calc'!A0"))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [entry["id"] for entry in rows] == ["7", "7", "7"]
    assert (rows[0]["text"], json.loads(rows[0]["details"])) == ("Eicar was found in /y", {"path": "/y"})
    assert json.loads(rows[1]["details"]) == {"path": NASTY}
    assert rows[2]["text"].startswith("'=")


def test_json_is_a_line_a_row() -> None:
    entries = [json.loads(line) for line in whole(Format.JSON, row(NASTY), row()).splitlines()]
    assert [entry["details"]["path"] for entry in entries] == [NASTY, "/x"]
    assert (entries[1]["event"], entries[1]["account"]) == ("ThreatFound", 1001)


_SYSLOG = re.compile(
    r"<(\d{1,3})>1 (\S+) (\S+) garrison - (\S{1,32})"
    r' \[origin software="Garrison" swVersion="[^"\\\]]+"\]\[meta sequenceId="(\d+)"\] \ufeff(.*)'
)


def test_syslog_is_that_of_rfc_5424() -> None:
    line, *others = whole(Format.SYSLOG, row(NASTY)).splitlines()
    found = _SYSLOG.fullmatch(line)
    assert found is not None
    assert others == []
    assert found.group(1, 2, 4, 5) == ("106", "2026-01-05T12:00:00.000+01:00", "ThreatFound", "7")
    late = _SYSLOG.fullmatch(body(Format.SYSLOG, [row(id=2**31, at="x", severity="x")]).rstrip("\n"))
    assert late is not None
    assert late.group(1, 2, 5) == ("110", "-", "1")


def test_cef_keeps_its_bars_and_equals_signs_apart() -> None:
    line = body(Format.CEF, [row("/a|b=c\\d")]).rstrip("\n")
    head = re.split(r"(?<!\\)\|", line, maxsplit=7)
    assert head[:3] == ["CEF:0", "Garrison", "Garrison"]
    assert (head[4], head[5], head[6]) == ("scan.ThreatFound", "Eicar was found in /a\\|b=c\\\\d", "9")
    assert "filePath=/a|b\\=c\\\\d" in head[7]


def test_the_page_to_print_needs_nothing_else_and_runs_nothing() -> None:
    page = whole(Format.HTML, row(NASTY))
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=", page)
    assert "default-src 'none'" in page
    assert page.endswith("</html>\n")
