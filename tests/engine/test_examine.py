import os
import random
import tarfile
import time
from pathlib import Path

import pytest

from garrison.engine.budget import MIB, Limits, Unbounded
from garrison.engine.databases import Detector
from garrison.engine.examine import examine
from garrison.engine.source import Source
from garrison.engine.type import Type
from garrison.engine.verdict import Certainty, Finding, Kind, Verdict
from tests.engine.archives import WRAP, in_gzip, in_stored_zip, in_tar, in_zip, make_tar, make_zip
from tests.engine.documents import make_ole
from tests.engine.opening import Spent
from tests.engine.samples import EICAR, LISTED, SOURCES, built, check, descriptor, open_set
from tests.engine.samples import detector as make_detector

OWN_RULES = Path(__file__).parents[2] / "src" / "garrison" / "engine" / "rules"


@pytest.fixture(scope="module")
def detector() -> Detector:
    return make_detector()


def test_a_clean_file_has_nothing_to_say(detector: Detector) -> None:
    assert check(b"hello\n", detector) == Verdict("text", 1, 6, type_why="it holds nothing but text")
    assert check(b"", detector) == Verdict("data", 1, 0, type_why="it is empty")


def test_a_threat_is_found_and_the_file_gets_its_digest(detector: Detector) -> None:
    verdict = check(EICAR, detector)
    assert verdict.findings == (
        Finding("EICAR-Test-File", Kind.TEST, Certainty.KNOWN, (), "rule eicar_test_file", "eicar_test_file", 0),
    )
    assert verdict.sha256 == "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
    assert Verdict.from_plain(verdict.to_plain()) == verdict


def test_second_matches_are_reasons(detector: Detector) -> None:
    folder, _ = built([*SOURCES, ("more", b"275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f")])
    verdict = check(EICAR, open_set(folder.files))
    assert [(finding.name, finding.why) for finding in verdict.findings] == [
        ("more", "sha256 in list more; rule eicar_test_file")
    ]


def test_a_container_and_what_is_inside_are_two_objects(detector: Detector) -> None:
    script = b"#!/bin/sh\nstrange-marker\n"
    verdict = check(script + in_zip(EICAR), detector)
    assert [(finding.name, finding.inner) for finding in verdict.findings] == [
        ("Strange.Shell", ()),
        ("EICAR-Test-File", ("inner",)),
    ]


def test_a_zip_behind_a_document_is_opened_and_one_scattered_in_it_is_no_damage(detector: Detector) -> None:
    document = make_ole({"Pictures": bytes(5000)})
    behind = check(document + in_zip(EICAR), detector)
    assert [finding.inner for finding in behind.findings] == [("inner",)]
    packed = make_zip([("shape", b"".join(b"%d " % number for number in range(2000))), ("other", b"x")])
    packed = packed[:1000] + b"\xff" * 64 + packed[1064:]
    scattered = check(document + packed, detector)
    assert scattered.objects > check(document, detector).objects
    assert not scattered.remarks
    assert check(b"#!/bin/sh\n" + packed, detector).remarks


def test_digests_are_of_whole_objects_at_any_depth(detector: Detector) -> None:
    assert [finding.name for finding in check(in_zip(in_gzip(LISTED)), detector).findings] == ["Listed.Thing"]


def nested(depth: int) -> bytes:
    content = EICAR
    for _ in range(depth):
        content = in_zip(content)
    return content


def test_sixteen_containers_in_each_other_are_opened(detector: Detector) -> None:
    verdict = check(nested(16), detector)
    assert [finding.inner for finding in verdict.findings] == [("inner",) * 16]
    assert verdict.remarks == ()
    assert verdict.objects == 17


def test_the_seventeenth_is_not(detector: Detector) -> None:
    verdict = check(nested(17), detector)
    assert verdict.findings == ()
    assert [(remark.what, remark.inner) for remark in verdict.remarks] == [
        ("limit reached: nested deeper than 16", ("inner",) * 16)
    ]


def test_a_compressed_tar_is_one_level(detector: Detector) -> None:
    content = EICAR
    for _ in range(16):
        content = in_gzip(in_tar(content))
    verdict = check(content, detector, "x.tar.gz")
    assert len(verdict.findings) == 1
    assert len(verdict.findings[0].inner) == 32
    assert Verdict.from_plain(verdict.to_plain()) == verdict


def test_a_thousand_levels_end(detector: Detector) -> None:
    content = EICAR
    for _ in range(1000):
        content = in_stored_zip(content)
    assert check(content, detector).objects == 17


def test_the_time_is_asked_for(detector: Detector) -> None:
    whole = make_tar([(str(n), b"x") for n in range(100)])
    verdict = examine(Source(whole), "x", detector, Limits(), Spent(20))
    assert [remark.what for remark in verdict.remarks] == ["limit reached: time"]
    assert verdict.objects < 20


def sparse(size: int) -> int:
    number = descriptor(b"")
    os.ftruncate(number, size)
    return number


def test_a_sparse_file_of_terabytes_is_quick(detector: Detector) -> None:
    number = sparse(8 * 1024**4)
    start = time.process_time()
    verdict = examine(Source(number), "big", detector, Limits(), Unbounded())
    os.close(number)
    assert verdict.type == "data"
    assert [remark.what for remark in verdict.remarks] == ["only the first 100 MiB were checked"]
    assert time.process_time() - start < 5


def test_a_big_container_is_opened_by_streaming(detector: Detector) -> None:
    limits = Limits(object_bytes=MIB)
    noise = random.Random(1).randbytes(3 * MIB)
    for whole in (make_tar([("a", noise), ("b", EICAR)], tarfile.USTAR_FORMAT), make_zip([("a", noise), ("b", EICAR)])):
        number = descriptor(whole)
        verdict = examine(Source(number), "big", detector, limits, Unbounded())
        os.close(number)
        assert [finding.inner for finding in verdict.findings] == [("b",)]
        assert {remark.inner for remark in verdict.remarks} == {(), ("a",)}
        assert verdict.sha256 != ""


def test_a_big_file_gets_no_digest_when_the_time_is_over(detector: Detector) -> None:
    number = descriptor(b"#!/bin/sh\nstrange-marker\n" + bytes(3 * MIB))
    verdict = examine(Source(number), "big", detector, Limits(object_bytes=MIB), Spent())
    os.close(number)
    assert [finding.name for finding in verdict.findings] == ["Strange.Shell"]
    assert verdict.sha256 == ""


class Failing(Source):
    """A disk with a bad spot."""

    def read_at(self, offset: int, length: int) -> bytes:
        if offset + length > MIB + 1000:
            raise OSError(5, "Input/output error")
        return super().read_at(offset, length)


def test_a_bad_spot_is_a_remark(detector: Detector) -> None:
    noise = random.Random(2).randbytes(4 * MIB)
    limits = Limits(object_bytes=MIB)
    for kind, whole in (
        (Type.TAR, make_tar([("a", EICAR), ("b", noise)])),
        (Type.GZIP, in_gzip(noise)),
        (Type.DATA, noise),
    ):
        number = descriptor(whole)
        verdict = examine(Failing(number), "name", detector, limits, Unbounded())
        os.close(number)
        assert verdict.type == kind
        assert "could not be read: input/output error" in {remark.what for remark in verdict.remarks}
        assert [finding.inner for finding in verdict.findings] == ([("a",)] if kind == Type.TAR else [])
    verdict = examine(Failing(b"x" * 3 * MIB), "name", detector, Limits(), Unbounded())
    assert [remark.what for remark in verdict.remarks] == ["could not be read: input/output error"]


def test_remarks_of_thousands_are_cut(detector: Detector) -> None:
    broken = make_zip([(str(n), b"") for n in range(5000)])
    verdict = check(broken.replace(b"PK\x03\x04", b"PK\x03\x05"), detector)
    assert len(verdict.remarks) <= 1003


@pytest.mark.parametrize("kind", sorted(WRAP))
def test_own_rules_find_the_test_virus_in_every_container(kind: Type) -> None:
    sources = [(path.name, path.read_bytes()) for path in sorted(OWN_RULES.glob("*.yar"))]
    folder, report = built(sources)
    assert report.rules > 0
    assert report.skipped == ()
    with open_set(folder.files) as known:
        names = [finding.inner for finding in check(WRAP[kind](EICAR), known).findings]
    assert names
    assert len(names[-1]) == 1


def test_a_small_file_takes_well_under_a_millisecond(detector: Detector) -> None:
    content = b"some text of no interest\n" * 100
    start = time.process_time()
    for _ in range(300):
        check(content, detector)
    assert (time.process_time() - start) / 300 < 0.001


def test_archives_are_left_unopened_when_that_is_wanted_and_documents_are_opened(detector: Detector) -> None:
    def found(content: bytes) -> int:
        source = Source(content)
        return len(examine(source, "x", detector, Limits(archives=0), Unbounded()).findings)

    assert found(EICAR) == 1
    assert found(in_zip(EICAR)) == found(in_gzip(EICAR)) == found(in_tar(EICAR)) == 0
    assert found(make_zip([("[Content_Types].xml", b"<Types/>"), ("word/eicar.com", EICAR)])) == 1
    assert len(examine(Source(in_zip(EICAR)), "x", detector, Limits(), Unbounded()).findings) == 1
