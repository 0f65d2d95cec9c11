"""The documents of the conformance suite."""

from garrison.engine.formats import ole_streams
from garrison.engine.type import Type
from tests.engine.documents import make_ole
from tests.engine.forms import Form


def in_ole(content: bytes) -> bytes:
    return make_ole({"\x01CompObj": b"something", "storage/Contents": content})


FORMS: tuple[Form, ...] = (Form(Type.OLE, ole_streams.members, in_ole, is_exact=False, can_bomb=False),)
