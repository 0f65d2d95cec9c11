from pathlib import Path

import pytest

from garrison.linux.power import on_battery

MAINS_IN = {"type": "Mains", "online": "1"}
MAINS_OUT = {"type": "Mains", "online": "0"}
DRAINED = {"type": "Battery", "status": "Discharging"}
CHARGED = {"type": "Battery", "status": "Charging"}
MOUSE = {"type": "Battery", "status": "Discharging", "scope": "Device"}


@pytest.mark.parametrize(
    ("supplies", "answer"),
    [
        ([], False),
        ([MAINS_IN], False),
        ([MAINS_OUT, DRAINED], True),
        ([DRAINED], True),
        ([MAINS_IN, DRAINED], False),
        ([MAINS_OUT, CHARGED], False),
        ([CHARGED, DRAINED], True),
        ([MOUSE], False),
        ([MOUSE, DRAINED], True),
        ([{"type": "UPS"}, {}], False),
    ],
)
def test_on_battery(tmp_path: Path, supplies: list[dict[str, str]], answer: bool) -> None:
    for number, supply in enumerate(supplies):
        folder = tmp_path / f"supply{number}"
        folder.mkdir()
        for name, value in supply.items():
            (folder / name).write_text(f"{value}\n", "ascii")
    assert on_battery(tmp_path) is answer


def test_a_computer_that_tells_nothing(tmp_path: Path) -> None:
    assert not on_battery(tmp_path / "missing")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "type").write_bytes(b"\xff")
    assert not on_battery(tmp_path)


def test_this_computer_has_an_answer() -> None:
    assert on_battery() in {True, False}
