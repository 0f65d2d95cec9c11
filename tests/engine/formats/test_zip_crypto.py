import base64
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats import zip_crypto
from garrison.engine.formats.opener import Listed
from garrison.engine.formats.zip import members
from garrison.engine.guard import Guard
from tests.engine.archives import central_entry, local_header, zip_end
from tests.engine.opening import contents, opened, remarks

TRADITIONAL = base64.b64decode(
    "UEsDBBQACQAIANZheF0dxz/6aQAAADYBAAAFAAAAdy50eHRBLFGChO0v87XYOBymoWwfi525zNmA7FGyhrpfPD0XDxjcrl7Xw1w266suaP/o"
    "7KKLgSUVNN4WKmXWc6UFLNOmShytUPkwYwT56WklXOrJEVkMih5DkWpBfRjP15Nk4Rt4WczliDRk7m9QSwcIHcc/+mkAAAA2AQAAUEsBAh4D"
    "FAAJAAgA1mF4XR3HP/ppAAAANgEAAAUAAAAAAAAAAQAAAKSBAAAAAHcudHh0UEsFBgAAAAABAAEAMwAAAJwAAAAAAA=="
)
AES = base64.b64decode(
    "UEsDBDMAAQBjANZheF0AAAAAbQAAADYBAAAFAAsAdy50eHQBmQcAAgBBRQMIAP8P+P2045I1HCeh40q/bXn9TJxxsmqQxCXJLT6n4T6jiiVd"
    "3KRDLPV1fubbZKckrk7WPQ1jwgMG7usq5/MC/XZd5tEY3ABloAB/i6UZAmnZQJZcWCZT3o1V5EcfMR311SWU9VzwdAPOl6ze10RQSwECPwMz"
    "AAEAYwDWYXhdAAAAAG0AAAA2AQAABQAvAAAAAAAAACCApIEAAAAAdy50eHQKACAAAAAAAAEAGAAYZjhjDXzdAQAAAAAAAAAAAAAAAAAAAAAB"
    "mQcAAgBBRQMIAFBLBQYAAAAAAQABAGIAAACbAAAAAAA="
)
OTHER = base64.b64decode(
    "UEsDBBQACQAIANZheF0dxz/6aQAAADYBAAAFAAAAdy50eHRAr+N4/PNVXZFKfLQ8foyIB2wRmMa+MTkUPEuMJHc962lVSMPbYQYfMjd9bn0r"
    "xcdMFgt5Qdl4PE3f8wclYL9rcqmWDzupONK8PZ8qrhDFql2SpSgEhJqUmGqeh7E333a3OB8fCyXvVplQSwcIHcc/+mkAAAA2AQAAUEsBAh4D"
    "FAAJAAgA1mF4XR3HP/ppAAAANgEAAAUAAAAAAAAAAQAAAKSBAAAAAHcudHh0UEsFBgAAAAABAAEAMwAAAJwAAAAAAA=="
)
WORDS = b"".join(b"word %d\n" % number for number in range(40))


@pytest.mark.parametrize("packed", [TRADITIONAL, AES], ids=["traditional", "AES"])
def test_what_the_usual_password_encrypts_is_opened(packed: bytes) -> None:
    (member,) = opened(members, packed)
    assert (member.content, member.remark) == (WORDS, "")
    assert isinstance(member.listed, Listed)
    assert member.listed.is_encrypted
    assert member.listed.size == len(WORDS)


def test_what_another_password_encrypts_is_named() -> None:
    assert remarks(opened(members, OTHER)) == ["encrypted: not opened"]
    assert contents(opened(members, OTHER)) == {}


@pytest.mark.parametrize("packed", [TRADITIONAL, AES], ids=["traditional", "AES"])
def test_cut_anywhere_it_is_survived(packed: bytes) -> None:
    for at in range(0, len(packed), 7):
        opened(members, packed[:at])


@pytest.mark.parametrize("packed", [TRADITIONAL, AES], ids=["traditional", "AES"])
def test_changed_data_is_never_shown(packed: bytes) -> None:
    for at in range(40, 200, 3):
        changed = bytearray(packed)
        changed[at] ^= 4
        assert set(contents(opened(members, bytes(changed))).values()) <= {WORDS}


@given(st.binary(max_size=200), st.integers(0, 4))
def test_any_bytes_are_survived(data: bytes, strength: int) -> None:
    guard = Guard(Limits(), Unbounded(), 1000, (b"one",))
    assert zip_crypto.aes(data, strength, guard) is None
    list(zip_crypto.traditional(data, set(range(256)), guard))


def test_python_agrees_on_the_traditional_one() -> None:
    with zipfile.ZipFile(io.BytesIO(TRADITIONAL)) as archive:
        assert archive.read(archive.namelist()[0], b"infected") == WORDS


def test_large_members_are_not_tried() -> None:
    data = bytes(zip_crypto.TRADITIONAL_BYTES + 1)
    local = local_header(b"n", data, 0, flags=1)
    entry = central_entry(b"n", len(data), 0, flags=1, size=len(data))
    assert remarks(opened(members, local + entry + zip_end(1, len(entry), len(local)))) == ["encrypted: not opened"]
