"""What surfaces that must not block share of speaking to the door: the connection, and what an answer holds."""

import asyncio
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from garrison.base.errors import Unavailable
from garrison.base.languages import Translator
from garrison.wire.client import folder_of, peer_of, short_address

_LINE_BYTES = 64 * 1024 * 1024  # the longest answer that is taken


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door answered. sentences: in English. texts: what each English text was made of (wire.texts)."""

    result: Any
    sentences: tuple[str, ...] = ()
    texts: dict[str, Any] = field(default_factory=dict)
    exit: int = 0

    @classmethod
    def of(cls, message: dict[str, Any]) -> Self:
        """Return what is in a message that answers a request made with "texts": true."""
        texts, sentences = message.get("texts"), message.get("sentences")
        return cls(
            message.get("result"),
            tuple(map(str, sentences)) if isinstance(sentences, list) else (),
            texts if isinstance(texts, dict) else {},
            int(message.get("exit", 0)),
        )

    def says(self, t: Translator) -> list[str]:
        """Return the sentences in the reader's language."""
        return [t.told(sentence, self.texts) for sentence in self.sentences]


async def connected(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection to the door. Raises Unavailable when no suite listens there, or one of another account."""
    raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        raw.setblocking(False)
        with folder_of(path) as folder:
            await asyncio.get_running_loop().sock_connect(raw, short_address(folder, path.name))
        uid, _ = peer_of(raw)
    except OSError as error:
        raw.close()
        raise Unavailable("Garrison is not running.", "Start it with: garrison start") from error
    if uid not in {0, os.geteuid()}:
        raw.close()
        raise Unavailable("What answers in Garrison's place belongs to another account.")
    return await asyncio.open_unix_connection(sock=raw, limit=_LINE_BYTES)
