"""The Tab key completes, in the shells themselves, also while no suite runs."""

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM, Program

_PROMPT = b"READY> "


@pytest.fixture
def surroundings(garrison: Program, tmp_path: Path) -> dict[str, str]:
    """An environment with garrison on PATH, and nothing of the caller's."""
    program = tmp_path / "bin" / "garrison"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    return garrison.environment | {"PATH": f"{program.parent}:{os.environ['PATH']}", "TERM": "dumb", "LANG": "C.UTF-8"}


class Terminal:
    """A shell on a terminal."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        try:
            self._main, second = pty.openpty()
        except OSError:
            pytest.skip("no terminal can be made here (devpts is not mounted)")
        self._process = subprocess.Popen(
            command, stdin=second, stdout=second, stderr=second, env=environment, cwd=folder, start_new_session=True
        )
        os.close(second)

    def read_until(self, pattern: bytes) -> str:
        """Return what was shown up to a text."""
        shown, until = b"", time.monotonic() + 20
        while not re.search(pattern, shown):
            assert time.monotonic() < until, shown
            if select.select([self._main], [], [], 0.2)[0]:
                shown += os.read(self._main, 65536)
        return shown.decode("utf-8", "replace")

    def type(self, text: str) -> None:
        """Type."""
        os.write(self._main, text.encode())

    def close(self) -> None:
        """End the shell."""
        self._process.kill()
        self._process.wait()
        os.close(self._main)


def shell(name: str) -> list[str]:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return [found]


@pytest.fixture
def bash(surroundings: dict[str, str], tmp_path: Path) -> Iterator[Terminal]:
    yield from _opened([*shell("bash"), "--norc", "--noprofile", "-i"], surroundings, tmp_path, "")


@pytest.fixture
def zsh(surroundings: dict[str, str], tmp_path: Path) -> Iterator[Terminal]:
    yield from _opened([*shell("zsh"), "-f", "-i"], surroundings, tmp_path, "autoload -U compinit; compinit -u -D;")


def _opened(command: list[str], environment: dict[str, str], folder: Path, first: str) -> Iterator[Terminal]:
    name = Path(command[0]).name
    terminal = Terminal(command, environment, folder)
    terminal.type(f'{first} PS1="REA""DY> "; eval "$(garrison completion {name})"\n')
    terminal.read_until(_PROMPT)
    yield terminal
    terminal.close()


CASES = [
    ("garrison quar\t", rb"garrison quarantine"),
    ("garrison quarantine resc\t", rb"quarantine rescan"),
    ("garrison scan qu\t", rb"scan quick"),
    ("garrison scan ./rep\t", rb"scan \./report\.txt"),
    ("garrison scan files --ac\t", rb"files --action"),
    ("garrison stop self\t", rb"stop self-test"),
    ("garrison settings ge\t", rb"settings get"),
]


@pytest.mark.parametrize(("typed", "wanted"), CASES)
def test_bash(bash: Terminal, tmp_path: Path, typed: str, wanted: bytes) -> None:
    (tmp_path / "report.txt").write_text("")
    bash.type(typed)
    bash.read_until(wanted)


@pytest.mark.parametrize(("typed", "wanted"), CASES)
def test_zsh(zsh: Terminal, tmp_path: Path, typed: str, wanted: bytes) -> None:
    (tmp_path / "report.txt").write_text("")
    zsh.type(typed)
    zsh.read_until(wanted)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("garrison quar", "quarantine\tKeeps what was taken out of the way, and gives it back."),
        ("garrison scan qu", "quick"),
        ("garrison scan ./rep", "./report.txt"),
        ("garrison stop self", "self-test"),
    ],
)
def test_fish(surroundings: dict[str, str], tmp_path: Path, typed: str, wanted: str) -> None:
    (tmp_path / "report.txt").write_text("")
    script = f"garrison completion fish | source; complete -C {shlex.quote(typed)}"
    command = [*shell("fish"), "--no-config", "-c", script]
    done = subprocess.run(command, env=surroundings, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert wanted in done.stdout, done.stderr


def test_how_to_install_it_is_said(garrison: Program) -> None:
    every = garrison("completion", environment={"SHELL": "/bin/tcsh"}).out
    assert [line.partition(":")[0] for line in every.splitlines()] == ["bash", "zsh", "fish"]
    assert garrison("completion", environment={"SHELL": "/bin/zsh"}).out.startswith("zsh: ")
    for name in ("bash", "zsh", "fish"):
        assert "completion" in garrison("completion", name).out.splitlines()[0]


def test_a_checkout_is_called_by_its_path(garrison: Program) -> None:
    launcher = {"GARRISON_LAUNCHER": "/opt/it's here/garrison"}
    script = garrison("completion", "zsh", environment=launcher).out
    assert "zsh_complete '/opt/it'\"'\"'s here/garrison'" in script
    assert shutil.which("zsh") is None or not _syntax_error("zsh", script)
    assert not _syntax_error("bash", garrison("completion", "bash", environment=launcher).out)


def _syntax_error(name: str, script: str) -> str:
    done = subprocess.run([name, "-n"], input=script, capture_output=True, text=True, check=False)
    return done.stderr


def test_a_wrong_shell_is_refused(garrison: Program) -> None:
    assert garrison("completion", "csh").code == 1


def test_completing_starts_no_suite(garrison: Program) -> None:
    complete = {"_GARRISON_COMPLETE": "bash_complete", "COMP_WORDS": "garrison quarantine ", "COMP_CWORD": "2"}
    outcome = garrison(environment=complete)
    assert "plain,restore" in outcome.out
    assert outcome.code == 0
    assert not garrison.home.root.exists()
