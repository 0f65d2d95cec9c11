from garrison.engine.budget import Limits
from garrison.engine.formats import mbox
from garrison.engine.type import Type
from tests.engine.formats.clam_samples import holds_program, needs_samples
from tests.engine.forms_texts import in_mbox
from tests.engine.opening import contents, opened


@needs_samples
def test_the_samples_give_their_program() -> None:
    assert holds_program("clam.exe.mbox.base64")
    assert holds_program("clam.exe.mbox.uu")


def test_each_mail_is_one_object_wherever_the_pieces_end() -> None:
    bodies = [b"%d " % number * (number * 700) for number in range(1, 20)]
    members = opened(mbox.members, b"".join(map(in_mbox, bodies)))
    assert [member.kind for member in members] == [Type.EMAIL] * 19
    assert all(body in came for body, came in zip(bodies, contents(members).values(), strict=True))


def test_after_one_that_is_too_large_the_next_comes() -> None:
    members = opened(mbox.members, in_mbox(b"a" * 90_000) + in_mbox(b"b"), limits=Limits(object_bytes=1000))
    assert len(members) == 2
    assert (members[1].content or b"").endswith(b"b\n")
