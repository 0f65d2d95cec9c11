"""Landlock, tried by a process of its own: there is no way back."""

import subprocess
import sys
from pathlib import Path

import pytest

from garrison.linux import landlock

TRY = """
import os, sys
from garrison.linux import landlock, sandbox
own, readable, file = (os.open(path, os.O_RDONLY) for path in sys.argv[1:4])
os.chdir(sys.argv[1])
sandbox.gain_no_privileges()
assert landlock.keep_only([readable, file], own)
def tried(what, *arguments):
    try:
        what(*arguments)
    except OSError as error:
        return type(error).__name__
    return "done"
print(
    tried(open, "new", "x"),
    tried(os.truncate, "new", 0),
    tried(os.listdir, sys.argv[2]),
    tried(open, sys.argv[2] + "/inner"),
    tried(open, sys.argv[2] + "/inner", "a"),
    tried(open, sys.argv[3]),
    tried(open, sys.argv[3] + ".other"),
    tried(os.unlink, sys.argv[2] + "/inner"),
    tried(os.mkfifo, "pipe"),
    tried(os.read, file, 10),
)
"""


@pytest.mark.skipif(landlock.version() < 2, reason="the kernel has no Landlock, or an old one")
def test_only_what_is_named_is_left(tmp_path: Path) -> None:
    own, readable = tmp_path / "own", tmp_path / "readable"
    own.mkdir()
    readable.mkdir()
    (readable / "inner").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "file.other").write_bytes(b"x")
    command = [sys.executable, "-c", TRY, str(own), str(readable), str(tmp_path / "file")]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    refused = "PermissionError"
    assert said == ["done", "done", "done", "done", refused, "done", refused, refused, "done", "done"]
