"""Tests of watching folders without the right to block."""

import asyncio
from pathlib import Path

from garrison.components.file_protection.noticing import Noticer


def test_written_files_are_handed_on_and_what_cannot_be_watched_is_named(tmp_path: Path) -> None:
    written: set[str] = set()
    came = asyncio.Event()

    async def take(paths: set[str]) -> None:
        written.update(paths)
        came.set()

    async def missed(why: str) -> None:
        raise AssertionError(why)

    async def look() -> None:
        noticer = Noticer(take, missed)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(noticer.run((str(tmp_path), str(tmp_path / "none"))))
            await asyncio.sleep(0.2)
            assert noticer.watched == (str(tmp_path),)
            assert noticer.refused == {str(tmp_path / "none"): "no such file or directory"}
            (tmp_path / "a").write_text("x")
            await came.wait()
            task.cancel()

    asyncio.run(asyncio.wait_for(look(), 10))
    assert written == {str(tmp_path / "a")}
