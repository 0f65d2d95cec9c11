"""Rows in the formats that others read: CSV, JSON lines, syslog, CEF, and a page to print.

Names of files may be any bytes, and may be chosen by an attacker: what is no printable character is written as an
escape, so that no name breaks a line, moves a cursor or becomes markup.
Sources: RFC 4180 (CSV); RFC 5424 (syslog) sections 6 and 7; "ArcSight Common Event Format" revision 25 (CEF); OWASP,
"CSV Injection", for cells that a spreadsheet would take for a formula.
"""

import csv
import html
import io
import json
import re
import socket
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum

from garrison import __version__
from garrison.base.text import printable
from garrison.daemon.reports.query import Row
from garrison.sdk.values import render

_FACILITY = 13  # RFC 5424: log audit
_SYSLOG = {"critical": 2, "important": 4, "info": 6}
_CEF = {"critical": 9, "important": 6, "info": 2}
_COLUMNS = ("id", "at", "severity", "component", "event", "account", "text", "details")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LARGEST_SEQUENCE = 2**31 - 1  # RFC 5424, 7.3.1
_LONGEST_NAME = 48  # of a host's or a message's name that every reader takes
_TOKEN = re.compile(r"[^!-~]")


class Format(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSON = "json"
    SYSLOG = "syslog"
    CEF = "cef"
    HTML = "html"


def sentence(row: Row) -> str:
    """Return what happened, in one printable line."""
    return printable(render(row.says, row.details))


def _details(row: Row) -> str:
    return json.dumps(row.details, ensure_ascii=True, sort_keys=True)


def _csv(rows: Iterable[Row]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        cells = (row.id, row.at, row.severity, row.component, row.name, row.owner, sentence(row), _details(row))
        writer.writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _json(rows: Iterable[Row]) -> str:
    return "".join(
        json.dumps(
            {
                "id": row.id,
                "at": row.at,
                "severity": row.severity,
                "component": row.component,
                "event": row.name,
                "account": row.owner,
                "text": str(render(row.says, row.details)),
                "details": row.details,
            },
            ensure_ascii=True,
        )
        + "\n"
        for row in rows
    )


def _syslog(rows: Iterable[Row]) -> str:
    host = _token(socket.gethostname())
    return "".join(
        f"<{_FACILITY * 8 + _SYSLOG.get(row.severity, 6)}>1 {_syslog_time(row.at)} {host} garrison - {_token(row.name)}"
        f' [origin software="Garrison" swVersion="{__version__}"][meta sequenceId="{_sequence(row.id)}"]'
        f" \ufeff{printable(row.component)}: {sentence(row)}\n"
        for row in rows
    )


def _sequence(number: int) -> int:
    return (number - 1) % _LARGEST_SEQUENCE + 1


def _syslog_time(at: str) -> str:
    try:
        return datetime.fromisoformat(at).isoformat(timespec="milliseconds")
    except ValueError:  # somebody changed it
        return "-"


def _token(text: str) -> str:
    return _TOKEN.sub("_", text)[:_LONGEST_NAME] or "-"


def _cef(rows: Iterable[Row]) -> str:
    return "".join(_cef_line(row) for row in rows)


def _cef_line(row: Row) -> str:
    head = "|".join(
        _cef_head(part) for part in ("Garrison", "Garrison", __version__, f"{row.component}.{row.name}", sentence(row))
    )
    told = {"rt": row.at, "externalId": row.id, "cat": row.component, "suid": row.owner, "msg": sentence(row)}
    path = row.details.get("path")
    if isinstance(path, str):
        told["filePath"] = printable(path)
    extension = " ".join(f"{name}={_cef_value(str(value))}" for name, value in told.items())
    return f"CEF:0|{head}|{_CEF.get(row.severity, 2)}|{extension}\n"


def _cef_head(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")


def _cef_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace("=", "\\=")


def _html(rows: Iterable[Row]) -> str:
    return "".join(
        f'<tr class="{html.escape(row.severity)}"><td>{html.escape(row.at)}<td>{html.escape(printable(row.severity))}'
        f"<td>{html.escape(printable(row.component))}<td>{html.escape(sentence(row))}\n"
        for row in rows
    )


_STYLE = (
    "body{font:10pt/1.4 system-ui,sans-serif;margin:2em;color:#111;background:#fff}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:start;vertical-align:top;padding:.25em .6em;"
    "border-bottom:1px solid #ccc;overflow-wrap:anywhere}th{border-bottom:2px solid #444}"
    "td:nth-child(-n+3){white-space:nowrap}.critical td:nth-child(2){font-weight:bold;color:#a00}"
    ".important td:nth-child(2){color:#840}thead{display:table-header-group}tr{break-inside:avoid}"
    "@page{margin:1.5cm}"
)


def _html_start(title: str) -> str:
    name = html.escape(printable(title))
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<style>{_STYLE}</style></head><body><h1>{name}</h1>\n"
        "<table><thead><tr><th>When<th>Severity<th>Component<th>What happened</thead><tbody>\n"
    )


_BODIES: dict[Format, Callable[[Iterable[Row]], str]] = {
    Format.CSV: _csv,
    Format.JSON: _json,
    Format.SYSLOG: _syslog,
    Format.CEF: _cef,
    Format.HTML: _html,
}


def start(kind: Format, title: str) -> str:
    """Return what stands before the first row. title: of the page to print."""
    if kind is Format.CSV:
        return ",".join(_COLUMNS) + "\r\n"
    return _html_start(title) if kind is Format.HTML else ""


def body(kind: Format, rows: Iterable[Row]) -> str:
    """Return rows."""
    return _BODIES[kind](rows)


def end(kind: Format) -> str:
    """Return what stands after the last row."""
    return "</tbody></table></body></html>\n" if kind is Format.HTML else ""
