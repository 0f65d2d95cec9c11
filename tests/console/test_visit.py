"""What is known of whoever asks."""

import pytest

from garrison.console.visit import csrf_of, local


@pytest.mark.parametrize("good", ["/", "/settings/scan", "/jobs/3?next=/scan"])
def test_addresses_of_our_own_are_kept(good: str) -> None:
    assert local(good) == good


@pytest.mark.parametrize(
    "bad", ["", "x", "//evil.example", "/\\evil.example", "/a\r\nX: y", "/\u2028", "http://evil.example"]
)
def test_addresses_that_lead_elsewhere_are_not(bad: str) -> None:
    assert local(bad) == "/"


def test_what_a_form_carries_is_of_its_session() -> None:
    assert csrf_of("a") != csrf_of("b")
    assert len(csrf_of("a")) == 64
