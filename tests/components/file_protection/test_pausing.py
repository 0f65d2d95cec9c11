"""Tests of looking for programs that run."""

import subprocess
import sys
from pathlib import Path

from garrison.components.file_protection.pausing import running_among


def test_a_program_that_runs_is_found_by_its_full_path(tmp_path: Path) -> None:
    program = tmp_path / "game"
    subprocess.run(["cp", "/bin/sleep", str(program)], check=True)
    assert running_among([str(program)]) == ""
    with subprocess.Popen([str(program), "60"]) as process:
        assert running_among(["/bin/nothing", str(program)]) == str(program)
        assert running_among(["game"]) == ""
        process.kill()
    assert running_among([]) == ""
    assert running_among([str(Path(sys.executable).resolve())]) == str(Path(sys.executable).resolve())
