"""Which English texts of an answer were put together, and of what, for a reader of another language.

An answer stays as it is: plain JSON in English. Whoever asks with "texts": true is sent a table beside it, from each
English text that was put together to what it was made of (base.text, `plain`). Every other text either stands in the
catalogue as it is, or is no sentence of ours (the name of a file).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from garrison.base.errors import GarrisonError, error_from_plain
from garrison.base.text import Message, Size

Texts = dict[str, dict[str, Any]]


def texts_of(*parts: Any) -> Texts:
    """Return the table for some parts of an answer, before they become JSON."""
    return {str.__str__(text): text.plain() for part in parts for text in _made(part)}


def remembering(english: str, texts: Mapping[str, Any]) -> str:
    """Return a text of an answer so that it knows again what it was made of, as the table says."""
    made = texts.get(english)
    if not isinstance(made, Mapping) or not isinstance(made.get("text"), str):
        return english
    remade = Message(english)
    remade.original, remade.many = made["text"], str(made.get("many", ""))
    remade.number, remade.values = int(made.get("count", 1)), dict(made.get("values", {}))
    return remade


def error_of(message: Mapping[str, Any]) -> GarrisonError:
    """Return the error that a message tells of, whose texts know what they were made of where the message says it."""
    untrusted, texts = message.get("error"), message.get("texts")
    if isinstance(untrusted, dict) and isinstance(texts, dict):
        untrusted = {
            name: remembering(value, texts) if isinstance(value, str) else value for name, value in untrusted.items()
        }
    return error_from_plain(untrusted)


def _made(part: Any) -> Iterator[Message | Size]:
    if isinstance(part, Message | Size):
        yield part
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from _made(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _made(value)
