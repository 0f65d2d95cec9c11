"""What an answer holds, and who is spoken to."""

import asyncio
import socket
from pathlib import Path

import pytest

from garrison.base.errors import Unavailable
from garrison.base.languages import translator
from garrison.wire.talking import Answer, connected


def test_an_answer_says_its_sentences_in_the_readers_language() -> None:
    made = {"text": "{count} file", "values": {"count": 2}, "many": "{count} files", "count": 2}
    answer = Answer.of({"result": [1], "sentences": ["2 files"], "texts": {"2 files": made}, "exit": 3})
    assert (answer.result, answer.exit) == ([1], 3)
    assert answer.says(translator("de")) == ["2 Dateien"]


@pytest.mark.parametrize("message", [{}, {"sentences": "no list", "texts": ["no table"]}])
def test_what_is_not_there_is_empty(message: dict[str, object]) -> None:
    assert Answer.of(message) == Answer(None)


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not running"):
        asyncio.run(connected(tmp_path / "door.sock"))


def test_a_door_is_connected_to(tmp_path: Path) -> None:
    async def run() -> bytes:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(tmp_path / "door.sock"))
        listening.listen()
        reader, writer = await connected(tmp_path / "door.sock")
        other, _ = listening.accept()
        with listening, other:
            other.sendall(b"hello\n")
            said = await reader.readline()
            writer.close()
            return said

    assert asyncio.run(run()) == b"hello\n"
