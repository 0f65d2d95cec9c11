"""The test of a set before it is used: it finds the test file, and nothing in files that are known to be clean."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, aclosing, contextmanager
from pathlib import Path

from garrison.base.errors import Failed, GarrisonError
from garrison.base.text import printable
from garrison.linux.workers import Outcome, Submitted, WorkerPool

# The EICAR test file (EICAR, "Anti-Malware Testfile"), in parts, so that this very file is not found.
_TEST_FILE = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*").encode()
_CLEAN = {
    "nothing": b"",
    "letter.txt": b"Dear customer,\n\nthank you for your order. It was sent today.\n\nKind regards\n",
    "zeros.bin": bytes(4096),
    "page.html": b"<!doctype html><html><head><title>Office</title></head><body><p>Open from 9 to 5.</p></body></html>",
    "script.sh": b'#!/bin/sh\nset -e\nfor name in *.txt; do\n    wc -l -- "$name"\ndone\n',
    "table.csv": b"date,amount\n2026-01-02,17.50\n2026-01-03,4.00\n",
}
_SYSTEM = ("/bin/sh", "/bin/ls", "/etc/services")
_SECONDS = 60.0


async def prove(folder: Path) -> None:
    """Have a worker with this set examine the test file and clean ones. Raises Failed with what is wrong."""
    with ExitStack() as stack:
        samples = {"eicar.com": _TEST_FILE} | _CLEAN
        objects = [Submitted(stack.enter_context(_held(content)), name) for name, content in samples.items()]
        objects += [Submitted(stack.enter_context(_opened(path)), path.name) for path in _installed()]
        try:
            async with (
                WorkerPool(folder, size=1, limits={}, seconds=_SECONDS) as pool,
                aclosing(pool.examine(objects)) as outcomes,
            ):
                async for outcome in outcomes:
                    _judge(objects[outcome.index].name, outcome, is_threat=outcome.index == 0)
        except GarrisonError as error:
            if isinstance(error, Failed):
                raise
            raise Failed(
                "The databases cannot be used: {why}", "{advice}", why=error.text, advice=error.hint
            ) from error


def _judge(name: str, outcome: Outcome, *, is_threat: bool) -> None:
    """Raise Failed unless what came of an object is what has to come of it."""
    if outcome.failure or not isinstance(outcome.untrusted_verdict, dict):
        raise Failed(
            "The databases cannot be used: examining {name} failed ({failure}, {detail}).",
            name=name,
            failure=outcome.failure,
            detail=outcome.detail,
        )
    found = outcome.untrusted_verdict.get("findings")
    if is_threat and not found:
        raise Failed("The databases cannot be used: they do not find the EICAR test file.")
    if not is_threat and found:
        raise Failed(
            "The databases cannot be used: they take {name}, a clean file, for {first}.",
            name=printable(name),
            first=_first(found),
        )


def _first(untrusted_findings: object) -> str:
    try:
        return printable(str(untrusted_findings[0][0]))[:100]  # type: ignore[index] # whatever came, it is shown
    except (IndexError, KeyError, TypeError):
        return "a threat"


def _installed() -> Iterator[Path]:
    """Yield files of this computer that no databases may take for a threat."""
    own = Path(__file__).parent
    library = Path(os.__file__).parent
    named = [Path(sys.executable).resolve(), library / "os.py", library / "json" / "decoder.py", own / "sets.py"]
    for path in [*named, *map(Path, _SYSTEM)]:
        if path.is_file() and os.access(path, os.R_OK):
            yield path


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _held(content: bytes) -> Iterator[int]:
    """Have a nameless file with this content, open for reading."""
    writing = os.memfd_create("sample", os.MFD_CLOEXEC)
    try:
        os.write(writing, content)
        with _opened(Path(f"/proc/self/fd/{writing}")) as reading:
            yield reading
    finally:
        os.close(writing)
