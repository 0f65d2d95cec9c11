from pathlib import Path

from tools.lock import restore_markers

PROJECT = """[project.optional-dependencies]
dev = ["one>=3; python_version < '3.14'", "two", "one-more"]
"""
LOCK = "one==3.0.0 \\\n    --hash=x\none-more==3 \\\n    --hash=y\ntwo==1 \\\n    --hash=z\n"


def test_the_lock_says_where_a_package_is_wanted(tmp_path: Path) -> None:
    project, lock = tmp_path / "pyproject.toml", tmp_path / "requirements-dev.lock"
    project.write_text(PROJECT)
    lock.write_text(LOCK)
    restore_markers(project, lock)
    assert lock.read_text() == LOCK.replace("one==3.0.0 \\", "one==3.0.0 ; python_version < '3.14' \\")
    restore_markers(project, lock)
    assert lock.read_text().count("python_version") == 1
