"""Tests of what counts as changed while nobody looked; the rest is tried in test_component and its staged sister."""

from garrison.components.file_protection.component import FileProtection
from garrison.components.file_protection.settings import FileProtectionSettings
from garrison.components.file_protection.watching import Watching


def test_it_runs_by_itself_and_has_the_settings_of_file_protection() -> None:
    assert Watching.runs()
    assert FileProtection.settings_type() is FileProtectionSettings
