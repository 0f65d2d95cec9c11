import asyncio

import pytest

from garrison.sdk import Component, Settings
from garrison.sdk.testing import FakeHost
from tests.sdk.samples import Sample, SampleSettings


class Plain(Component[Settings]):
    """Does nothing."""

    id = "plain"
    title = "Plain"


class Heir(Sample):
    """Inherits."""


def test_the_settings_it_was_written_with() -> None:
    assert Sample.settings_type() is SampleSettings
    assert Heir.settings_type() is SampleSettings
    assert Plain.settings_type() is Settings
    assert Component.settings_type() is Settings


def test_whether_it_has_something_to_run() -> None:
    assert (Sample.runs(), Heir.runs(), Plain.runs()) == (True, True, False)


def test_a_plain_component_has_nothing_to_say() -> None:
    plain = Plain(FakeHost(), Settings())
    plain.settings_changed()
    assert (list(plain.issues()), plain.proof(), plain.unsupported()) == ([], None, None)
    with pytest.raises(NotImplementedError):
        asyncio.run(plain.run())
