"""One suite for every container: what the contract in `opener` promises."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from garrison.engine.budget import Limits
from garrison.engine.formats.opener import Member
from garrison.engine.formats.openers import CLOSED, OPENERS
from garrison.engine.guard import Guard
from garrison.engine.identify import identify_source
from garrison.engine.source import Source
from garrison.engine.type import Type
from tests.engine import archives
from tests.engine import forms_documents as documents
from tests.engine import forms_executables as executables
from tests.engine import forms_images as images
from tests.engine import forms_texts as texts
from tests.engine.forms import Form
from tests.engine.opening import SMALL, Spent, contents, opened, remarks
from tests.engine.samples import EICAR, check, detector

# Opened, and tested on samples in their own files: no program at hand makes them, or not all that they hold comes out.
NOT_MADE_HERE: frozenset[Type] = frozenset({Type.DATA, Type.CHM, Type.PYC})
FORMS = (*archives.FORMS, *images.FORMS, *documents.FORMS, *texts.FORMS, *executables.FORMS)
KNOWN = detector()
NOISE = random.Random(7).randbytes(40_000)  # more than one of everybody's blocks; packs badly
WORDS = b" ".join(b"%d words" % number for number in range(4000))
# Every pair of a sample of each family is tried; all pairs of all forms would be thousands.
PAIRS = [(outer, inner) for outer in archives.FORMS for inner in archives.FORMS if not inner.text_only]
PAIRS += [(outer, inner) for outer in FORMS for inner in archives.FORMS[:3]]
# A zip behind a program is opened as the program's own, not as what follows it.
PAIRS = [pair for pair in PAIRS if pair[0] not in executables.FORMS or pair[1].kind != Type.ZIP]


def named(form: Form) -> str:
    return f"{form.kind.value}-{form.wrap.__name__}"


every_form = pytest.mark.parametrize("form", FORMS, ids=named)
streamed_forms = pytest.mark.parametrize("form", [form for form in FORMS if form.is_streamed], ids=named)


def sample(form: Form) -> bytes:
    return WORDS if form.text_only else NOISE


def kept(form: Form, content: bytes, members: list[Member]) -> bool:
    """Return whether the content came out."""
    came = list(contents(members).values())
    return came == [content] if form.is_exact else any(content.strip() in each for each in came)


def test_every_opener_is_in_this_suite() -> None:
    opened_types = {kind for kind, openers in OPENERS.items() if openers}
    assert opened_types - {form.kind for form in FORMS} == NOT_MADE_HERE
    assert not {kind for kind in CLOSED if OPENERS[kind]}


@every_form
def test_it_is_identified_by_its_content(form: Form) -> None:
    assert identify_source(Source(form.wrap(EICAR))) == form.kind


@every_form
@pytest.mark.parametrize("content", [b"", b"x", EICAR, NOISE, bytes(100_000)], ids=["0", "1", "68", "noise", "zeros"])
def test_what_went_in_comes_out(form: Form, content: bytes) -> None:
    if form.text_only and content not in {b"x", EICAR}:
        content = WORDS
    if not content and not form.is_exact:
        return  # nothing is nowhere
    members = opened(form.opener, form.wrap(content))
    assert kept(form, content, members)
    assert remarks(members) == []


@pytest.mark.parametrize(("outer", "inner"), PAIRS, ids=named)
def test_a_container_is_opened_in_another(outer: Form, inner: Form) -> None:
    if outer.text_only:
        return
    verdict = check(outer.wrap(inner.wrap(EICAR)), KNOWN)
    assert [finding.name for finding in verdict.findings if len(finding.inner) >= 2] == ["EICAR-Test-File"]
    assert verdict.remarks == ()


@every_form
def test_cut_anywhere_it_yields_what_came_before_and_says_so(form: Form) -> None:
    content = sample(form)
    whole = form.wrap(content)
    for at in sorted(
        {
            *range(0, min(600, len(whole)), 12),
            *range(600, len(whole) - 600, 4001),
            *range(max(0, len(whole) - 600), len(whole), 12),
        }
    ):
        members = opened(form.opener, whole[:at])
        if form.is_exact:
            for came in contents(members).values():
                assert content.startswith(came)


@streamed_forms
def test_a_long_beginning_is_enough_to_find_what_is_at_the_start(form: Form) -> None:
    content = sample(form)
    whole = form.wrap(content)
    got = b"".join(contents(opened(form.opener, whole[: len(whole) - 200])).values())
    assert len(got) > len(content) // 2


@every_form
def test_garbage_behind_it_does_no_harm(form: Form) -> None:
    members = opened(form.opener, form.wrap(EICAR) + b"garbage" * 50)
    assert any(EICAR in each for each in contents(members).values())


@every_form
def test_one_object_is_cut_at_the_limit(form: Form) -> None:
    limits = Limits(object_bytes=10_000)
    members = opened(form.opener, form.wrap(sample(form)), limits=limits)
    if form.is_exact:
        assert list(contents(members).values()) == [sample(form)[:10_000]]
        assert remarks(members) == ["only the first 9.8 KiB were checked"]


@every_form
def test_all_together_end_at_the_limit(form: Form) -> None:
    limits = Limits(object_bytes=1_000_000, total_bytes=20_000)
    members = opened(form.opener, form.wrap(sample(form)), limits=limits)
    assert "limit reached: unpacks to over 19.5 KiB" in remarks(members)


@pytest.mark.parametrize("form", [form for form in FORMS if form.can_bomb], ids=named)
def test_a_bomb_is_let_alone(form: Form) -> None:
    bomb = form.wrap(bytes(32 * 1024 * 1024))
    members = opened(form.opener, bomb)
    assert "limit reached: unpacks to over 250 times its size" in remarks(members)
    assert sum(map(len, contents(members).values())) < 17 * 1024 * 1024


@every_form
@pytest.mark.parametrize("questions", range(3))
def test_it_stops_when_the_time_is_over(form: Form, questions: int) -> None:
    content = sample(form) if form.text_only else NOISE * 100
    members = opened(form.opener, form.wrap(content), budget=Spent(questions))
    assert "limit reached: time" in remarks(members)


@every_form
def test_objects_are_counted(form: Form) -> None:
    members = opened(form.opener, form.wrap(EICAR), limits=Limits(members=1))
    assert contents(members) == {}
    assert "limit reached: more than 1 objects" in remarks(members)


class Broken(Source):
    """A disk that fails after so many reads."""

    def __init__(self, content: bytes, after: int) -> None:
        super().__init__(content)
        self._after = after

    def read_at(self, offset: int, length: int) -> bytes:
        self._after -= 1
        if self._after < 0:
            raise OSError(5, "Input/output error")
        return super().read_at(offset, length)


@every_form
@pytest.mark.parametrize("after", range(3))
def test_a_failing_disk_is_the_callers_to_tell(form: Form, after: int) -> None:
    content = form.wrap(WORDS * 8 if form.text_only else random.Random(8).randbytes(500_000))
    try:
        list(form.opener(Broken(content, after), Guard(Limits(), Spent(10_000), len(content)), "sample"))
    except OSError as error:
        assert str(error) == "[Errno 5] Input/output error"  # noqa: PT017 # an opener that reads all at once may not raise


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(form=st.sampled_from(FORMS), content=st.binary(max_size=3000))
def test_any_bytes_are_survived(form: Form, content: bytes) -> None:
    opened(form.opener, content, limits=SMALL)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    form=st.sampled_from(FORMS),
    flips=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_any_flipped_bits_are_survived(form: Form, flips: list[tuple[int, int]]) -> None:
    content = bytearray(form.wrap(EICAR + sample(form)[:2000]))
    for at, value in flips:
        content[at % len(content)] ^= value
    opened(form.opener, bytes(content), limits=SMALL)
    check(bytes(content), KNOWN, limits=SMALL)
