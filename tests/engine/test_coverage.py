from pathlib import Path

import pytest

from garrison.engine.formats.openers import OPENERS
from tests.engine import coverage, coverage_planted, coverage_seeds
from tests.engine.coverage_targets import RISKY, TARGETS, loaded, name_of

needs_atheris = pytest.mark.skipif(bool(coverage.MISSING), reason=coverage.MISSING)
RUNS = 40  # for every target; the campaign is the long one


def test_every_opener_is_a_target() -> None:
    for kind, several in OPENERS.items():
        names = [name_of(loaded(opener), kind) for opener in several]
        assert len(set(names)) == len(names)
        assert all(TARGETS[name].opener for name in names)
    assert {name for name, target in TARGETS.items() if target.why_risky} == set(RISKY)
    assert len(RISKY) == 5


# What tests of its own alone make: the campaign records it.
FROM_TESTS = {"rar", "chm", "arj", "appimage", "upx.of_elf", "installshield_setup", "nsis", "carve", "pyc"}


def test_every_target_has_seeds() -> None:
    without = {name for name, target in TARGETS.items() if next(coverage_seeds.of(target), None) is None}
    assert without <= FROM_TESTS


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_break_no_promise(name: str) -> None:
    for content in coverage_seeds.of(TARGETS[name]):
        TARGETS[name].run(content)


@needs_atheris
def test_a_short_run_breaks_no_promise(tmp_path: Path) -> None:
    results = list(coverage.fuzz(tmp_path, seed=1, targets=[(name, 1, RUNS) for name in TARGETS]))
    assert [result.name for result in results] == list(TARGETS)
    assert {result.name: list(coverage.told(result)) for result in results if not result.has_held} == {}
    assert all(result.executed for result in results)


@needs_atheris
def test_broken_promises_are_found_and_kept(tmp_path: Path) -> None:
    planted = "tests.engine.coverage_planted"
    asked = coverage.Orders(planted, planted, timeout=3, memory=400)
    targets = [(name, 20, -1) for name in coverage_planted.TARGETS]
    results = {result.name: result for result in coverage.fuzz(tmp_path, 1, targets, asked)}
    assert not any(result.has_held for result in results.values())
    found = {name: Path(result.found[0]).name.split("-")[0] for name, result in results.items()}
    assert found == {"raises": "crash", "never_ends": "timeout", "eats_memory": "oom"}
    assert Path(results["raises"].found[0]).read_bytes()[:2] == b"ev"
    assert "ZXY" in "".join(coverage.told(results["raises"]))  # "ev", in base64


def test_without_the_fuzzer_the_campaign_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "MISSING", "atheris is not installed")
    with pytest.raises(SystemExit, match="atheris is not installed"):
        coverage.campaign(1, 1)


def test_a_name_that_fits_no_target_is_no_success() -> None:
    with pytest.raises(AssertionError, match="no target"):
        coverage.campaign(1, 1, only="no-such-target")
