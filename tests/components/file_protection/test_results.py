"""Tests of what file protection answers."""

from datetime import UTC, datetime

import pytest

from garrison.components.file_protection.results import Proved

_AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "word", "code"), [(True, "works: x", 0), (False, "does not work: x", 3), (None, "nothing to try: x", 0)]
)
def test_a_proof_is_said(passed: bool | None, word: str, code: int) -> None:
    proved = Proved(passed=passed, milliseconds=1, what="x")
    assert word in str(proved.sentences()[0])
    assert proved.exit_code() == code
    proof = proved.proof(_AT)
    assert (proof and proof.passed) == passed
