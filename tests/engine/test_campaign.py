import pytest

from garrison.engine.verdict import Certainty, Finding, Kind, Remark, Verdict
from tests.engine import packages
from tests.engine.packages import POOL, Told, campaign

SMALL = 40_000


def test_two_packages_are_no_threats() -> None:
    if not packages.offered():
        pytest.skip("apt knows no packages here")
    told = campaign(seed=1, times=2, largest=SMALL)
    if not told.packages:
        pytest.skip("no package could be fetched")
    assert told.files >= told.packages
    assert told.objects > told.files
    assert not told.deep
    assert not told.remarks


def test_the_choice_depends_on_nothing_but_the_seed() -> None:
    if not packages.offered():
        pytest.skip("apt knows no packages here")
    first = packages._chosen(7, 20, SMALL)
    assert first == packages._chosen(7, 20, SMALL) != packages._chosen(8, 20, SMALL)
    assert len(set(first)) == 20
    everything = packages._chosen(1, POOL, packages.LARGEST)
    assert len(set(everything)) == POOL
    assert {"coreutils", "libc-bin", "apache2", "wordpress"} < set(everything)


def test_what_is_found_counts_at_its_level() -> None:
    told = Told()
    at = {
        score: Finding(f"T{score}", Kind.TROJAN, Certainty.PROBABLE, ("a",), score=score) for score in (0, 50, 69, 70)
    }
    told.add("some", 3, Verdict(objects=5, findings=tuple(at.values()), remarks=(Remark("damaged", ("b",)),)))
    assert [found.score for _, found in told.medium] == [0, 70]
    assert len(told.deep) == 4
    assert any("damaged: some: b" in line for line in told.lines())
