"""RAR archives; the small samples are test files of the rarfile project (ISC licence)."""

import base64

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.rar_crypto import Keys
from garrison.engine.formats.rar_headers import entries
from garrison.engine.guard import Guard
from garrison.engine.source import Source

WIDE = base64.b64decode(
    "UmFyIRoHADvQcwgADQAAAAAAAAAc8XSAgDYAEQAAAAIAAAADU/xRZwKG5j4dNRYApIEAANGD0LjQuNC+0L7RgtC40LLQuy50eHSn"
    "GDDY998j8QAAv4hn9qn/1AX2dJCANAANAAAAAgAAAANT/FFnAobmPh01FACkgQAA8J2QgPCdkIHwnZCB8J2Qgi50eHSHrY13gwC/"
    "iGf2qf/UxD17AEAHAA=="
)


def test_a_wide_name_is_put_together() -> None:
    guard = Guard(Limits(), Unbounded(), len(WIDE))
    found = list(entries(Source(WIDE), guard, Keys(guard)))
    names = [entry.name.decode() for entry in found]
    assert names
    assert all("\ufffd" not in name for name in names)
    assert any(not name.isascii() for name in names)
