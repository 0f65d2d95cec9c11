from garrison.engine.formats import binhex
from tests.engine.formats.clam_samples import holds_program, needs_samples
from tests.engine.forms_texts import in_binhex
from tests.engine.opening import contents, opened, remarks


@needs_samples
def test_the_sample_gives_its_program() -> None:
    assert holds_program("clam.exe.binhex")


def test_both_forks_come_out_and_runs_are_written_out() -> None:
    members = opened(binhex.members, b"words\n" + in_binhex(b"\x90\x90abc", resource=b"more"))
    assert contents(members) == {("inner",): b"\x90\x90abc", ("inner (resource fork)",): b"more"}


def test_a_broken_head_is_said() -> None:
    assert remarks(opened(binhex.members, binhex.MARK + b" 4.0)\n:abc:")) == ["damaged: cannot be unpacked"]
