import pytest

from garrison.cli import progress


def test_plain_lines_come_now_and_then(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with progress.Progress("Scan") as shown:
        for second in range(12):
            now[0] = float(second)
            shown({"done": second * 1000, "total": None if second < 8 else 20_000, "text": "/a\x1bb"})
    captured = capsys.readouterr()
    assert captured.err.splitlines() == ["Scan: 5,000: /a\\x1bb", "Scan: 10,000 of 20,000: /a\\x1bb"]
    assert captured.out == ""


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 0.0)
    with progress.Progress("Scan", quiet=True) as shown:
        shown({"done": 1, "total": None, "text": ""})
    assert capsys.readouterr().err == ""


def test_the_bar_is_drawn_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with progress.Progress("Scan [bold]") as shown:
        for done in range(3):
            shown({"done": done, "total": 2, "text": "/x" * 100 + "[red]"})
    captured = capsys.readouterr()
    assert "Scan [bold]" in captured.err
    assert "2/2" in captured.err
    assert "[red]" in captured.err
    assert captured.out == ""
