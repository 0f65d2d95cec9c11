"""Events made short enough to be kept: what they tell of may be as long as others made it."""

import json
from typing import Any

_MOST_BYTES = 16 * 1024  # of one event, as JSON
_STEPS = ((4096, 100), (512, 20), (64, 5), (16, 1))  # characters a text, entries a list
_LARGEST = 2**63


def shortened(details: dict[str, Any]) -> str:
    """Return an event's fields as JSON in plain ASCII; what is too long is cut, and says so."""
    for characters, entries in _STEPS:
        text = _dump({name: _cut(value, characters, entries) for name, value in details.items()})
        if len(text) <= _MOST_BYTES:
            return text
    return _dump(dict.fromkeys(details, "… (cut)"))


def _dump(details: dict[str, Any]) -> str:
    return json.dumps(details, ensure_ascii=True, sort_keys=True)


def _cut(value: Any, characters: int, entries: int) -> Any:
    if isinstance(value, str):
        return _cut_text(value, characters)
    if isinstance(value, dict):
        kept = {_cut_text(name, characters): _cut(value[name], characters, entries) for name in list(value)[:entries]}
        return kept | _more(len(value) - entries)
    if isinstance(value, list):
        kept_entries = [_cut(entry, characters, entries) for entry in value[:entries]]
        return kept_entries + list(_more(len(value) - entries))
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return "… (a number of more than 64 bits)"
    return value


def _cut_text(text: str, characters: int) -> str:
    if len(text) <= characters:
        return text
    return f"{text[:characters]}… (cut: {len(text):,} characters)"


def _more(count: int) -> dict[str, str]:
    return {f"… (cut: {count:,} more)": ""} if count > 0 else {}
