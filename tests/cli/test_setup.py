from pathlib import Path

from tests.cli.program import Program
from tests.cli.test_password import GOOD, on_a_terminal

PRESEED = """
language = "en"
accept-terms = true
recommended-settings = true
password-file = "secret"
[consents]
"updates.databases" = false
"""


def test_it_is_set_up_from_a_file_and_a_mistake_does_nothing(garrison: Program, tmp_path: Path) -> None:
    file = tmp_path / "preseed.toml"
    (tmp_path / "secret").write_text(GOOD + "\n", "utf-8")
    assert garrison("setup").code == 1  # nobody is there to answer
    assert garrison("setup", "--preseed", str(tmp_path / "none")).code == 1
    file.write_text(PRESEED.replace("accept-terms = true", "more = 1"), "utf-8")
    refused = garrison("setup", "--preseed", str(file))
    assert (refused.code, "more: " in refused.errors, "accept-terms: " in refused.errors) == (1, True, True)
    file.write_text(PRESEED, "utf-8")
    done = garrison("setup", "--preseed", str(file))
    assert (done.code, "You agreed to: the terms." in done.out) == (0, True)
    assert garrison("settings", "set", "scan.depth", "9").code == 5
    consents = {row["id"]: row["given"] for row in garrison("consents", "--json").json}
    assert (consents["suite.terms"], consents["updates.databases"]) == (True, False)
    assert garrison("--password-file", str(tmp_path / "secret"), "stop").code == 0


def test_whoever_sits_at_a_terminal_is_asked(garrison: Program) -> None:
    code, screen = on_a_terminal(
        garrison,
        "setup",
        asks=(b"]: ",),
        types=["en", "y", *["n"] * 3, "y", "n", "n", "n"],
    )
    assert (code, "You agreed to: the terms." in screen) == (0, True)


def test_after_the_first_answer_it_asks_in_that_language(garrison: Program) -> None:
    code, screen = on_a_terminal(
        garrison, "setup", asks=(b"]: ",), types=["de", "y", *["n"] * 3, "y", "n", "n", "n"]
    )  # fmt: skip
    assert code == 0
    assert "Deutsch" in screen
    assert "Do you agree?" not in screen
    assert "Use the recommended settings?" not in screen
    assert garrison("settings", "get", "suite.language", "--json").json["value"] == "de"
