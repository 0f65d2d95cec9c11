from pathlib import Path

from tests.cli.program import Program


def test_the_publisher_takes_over_with_all_that_follows(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    helped = program("publisher", "--help")
    assert (helped.code, "init" in helped.out) == (0, True)
    assert "Servers of an office" in program("--help").out
    missing = program("publisher", "show", str(tmp_path / "none"), "--json")
    assert missing.code == 3
    assert missing.json["error"]["code"] == "not-found"
    made = program("publisher", "init", str(tmp_path / "office"), "--json")
    assert made.code == 0
    assert Path(made.json["root"]).is_file()
    assert not (tmp_path / "home" / "run" / "lock").exists()  # no suite is started for it
