"""The checks find what they are for."""

from pathlib import Path

import pytest

from tests.tools.checkout import Checkout


@pytest.fixture
def checkout(tmp_path: Path, repository: Path) -> Checkout:
    return Checkout(repository, tmp_path / "checkout")


def _append(checkout: Checkout, name: str, text: str) -> int:
    """Add a line to a file; return its number."""
    path = checkout.root / name
    lines = path.read_text("utf-8").count("\n") + 1
    with path.open("a", encoding="utf-8") as file:
        file.write(text + "\n")
    return lines


@pytest.mark.parametrize(
    ("name", "imported"),
    [
        ("src/garrison/cli/show.py", "garrison.sdk"),
        ("src/garrison/components/scan/places.py", "garrison.components.quarantine.component"),
        ("src/garrison/engine/judge.py", "garrison.linux.walk"),
        ("src/garrison/worker/serving.py", "garrison.abilities.rights"),
        ("src/garrison/linux/walk.py", "garrison.worker"),
        ("src/garrison/base/text.py", "garrison.wire.frames"),
    ],
)
def test_a_forbidden_import_is_reported_with_file_and_line(checkout: Checkout, name: str, imported: str) -> None:
    line = _append(checkout, name, f"import {imported}")
    assert f"{name}:{line}: imports {imported}" in checkout.run("-m", "tools", "check", "imports", code=1)


def test_a_new_room_needs_a_floor(checkout: Checkout) -> None:
    room = checkout.root / "src" / "garrison" / "attic"
    room.mkdir()
    (room / "__init__.py").write_text('"""A room."""\n')
    assert "attic" in checkout.run("-m", "tools", "check", "imports", code=1)


def test_a_changed_surface_is_reported(checkout: Checkout) -> None:
    path = checkout.root / "src/garrison/components/exclusions/component.py"
    path.write_text(path.read_text("utf-8").replace('@sdk.action("Exclude"', '@sdk.action("Leave out"'), "utf-8")
    assert "golden.json" in checkout.run("-m", "tools", "check", "golden manifest and reference", code=1)


def test_a_long_file_and_a_stray_test_are_reported(checkout: Checkout) -> None:
    (checkout.root / "src/garrison/base/long.py").write_text("x = 1\n" * 501)
    (checkout.root / "tests/base").mkdir(exist_ok=True)
    (checkout.root / "tests/base/test_nothing.py").write_text("")
    assert "long.py: 501 lines" in checkout.run("-m", "tools", "check", "sizes", code=1)
    assert "test_nothing.py" in checkout.run("-m", "tools", "check", "test placement", code=1)
