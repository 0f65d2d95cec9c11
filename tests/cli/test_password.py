import fcntl
import os
import pty
import subprocess
import termios
from pathlib import Path

from tests.cli.program import PROGRAM, Program

GOOD, WRONG = "Correct-horse-7", "Wrong-horse-7"


def on_a_terminal(
    garrison: Program, *arguments: str, types: list[str], asks: tuple[bytes, ...] = (b"assword: ", b"Once more: ")
) -> tuple[int, str]:
    """Run a command on a terminal of its own, and type a line each time it asks; return its code and the screen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        env=garrison.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 # that is how one gets a terminal
    )
    os.close(theirs)
    screen, lines = b"", iter(types)
    asked = 0
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:
            break
        if not chunk:
            break
        screen += chunk
        while sum(screen.count(prompt) for prompt in asks) > asked:
            asked += 1
            os.write(ours, next(lines).encode() + b"\n")
    os.close(ours)
    return process.wait(60), screen.decode("utf-8", "replace")


def test_a_password_is_set_and_met(garrison: Program, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(GOOD + "\n", "utf-8")
    garrison("start", "--no-scan")
    assert garrison("password", "set").code == 1  # nobody is there to be asked
    code, screen = on_a_terminal(garrison, "password", "set", types=[GOOD, WRONG])
    assert (code, "not the same" in screen) == (1, True)
    code, screen = on_a_terminal(garrison, "password", "set", types=[GOOD, GOOD])
    assert (code, GOOD in screen) == (0, False)
    setting = ("settings", "set", "scan.depth", "9")
    refused = garrison(*setting)
    assert (refused.code, "needs the password" in refused.errors) == (5, True)
    code, screen = on_a_terminal(garrison, *setting, types=[WRONG, GOOD])
    assert (code, GOOD in screen, WRONG in screen) == (0, False, False)
    assert "The password is wrong." in screen
    assert garrison("uninstall", "--yes").code == 5
    assert garrison("--password-file", str(file), *setting).code == 0
    assert garrison("stop").code == 0  # it was given in this session just now
