import hashlib

import pytest

from garrison.engine.formats.ole_ciphers import aes_cbc_encrypt, rc4
from garrison.engine.formats.pdf import members
from garrison.engine.formats.pdf_crypt import _PADDING
from tests.engine.documents import make_pdf
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR

ID = b"0123456789abcdef"
OWNER = bytes(range(100, 132))


def md5(content: bytes) -> bytes:
    return hashlib.md5(content).digest()


def encrypted(method: str, password: bytes = b"") -> bytes:
    key = md5((password + _PADDING)[:32] + OWNER + (0xFFFFFFFC).to_bytes(4, "little") + ID)
    for _ in range(50):
        key = md5(key)
    check = rc4(key, md5(_PADDING + ID))
    for number in range(1, 20):
        check = rc4(bytes(byte ^ number for byte in key), check)
    salt = (2).to_bytes(3, "little") + bytes(2)
    if method == "AESV2":
        pad = 16 - len(EICAR) % 16
        own = md5(key + salt + b"sAlT")
        stream = b"v" * 16 + aes_cbc_encrypt(own, b"v" * 16, EICAR + bytes((pad,)) * pad)
        how = b"/V 4/R 4/Length 128/CF<</StdCF<</CFM/AESV2/AuthEvent/DocOpen/Length 16>>>>/StmF/StdCF"
    else:
        stream = rc4(md5(key + salt), EICAR)
        how = b"/V 2/R 3/Length 128"
    user = check + bytes(16)
    head = b"<</Filter/Standard" + how + b"/P -4/O<" + OWNER.hex().encode() + b">/U<" + user.hex().encode() + b">>>"
    return make_pdf([(head, None), (b"", stream)], b"/Encrypt 1 0 R/ID[<" + ID.hex().encode() + b"><00>]")


@pytest.mark.parametrize("method", ["RC4", "AESV2"])
def test_what_opens_without_a_password_is_opened(method: str) -> None:
    found = opened(members, encrypted(method))
    assert contents(found) == {("object 2",): EICAR}
    assert remarks(found) == []


def test_what_needs_a_password_says_so() -> None:
    found = opened(members, encrypted("RC4", b"secret"))
    assert EICAR not in contents(found).values()
    assert set(remarks(found)) == {"encrypted: not opened"}
