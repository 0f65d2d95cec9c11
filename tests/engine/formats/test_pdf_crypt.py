import base64
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

# Files with an attachment, encrypted by another program: revisions 5 and 6 of the standard handler.
AES_256 = {
    "AES-256-R5": (
        "JVBERi0xLjMKJeLjz9MKMiAwIG9iago8PAovVHlwZSAvUGFnZXMKL0NvdW50IDEKL0tpZHMgWyA0IDAgUiBdCj4+CmVuZG9iagoz"
        "IDAgb2JqCjw8Ci9UeXBlIC9DYXRhbG9nCi9QYWdlcyAyIDAgUgovTmFtZXMgNyAwIFIKPj4KZW5kb2JqCjQgMCBvYmoKPDwKL1R5"
        "cGUgL1BhZ2UKL1Jlc291cmNlcyA8PAo+PgovTWVkaWFCb3ggWyAwLjAgMC4wIDEwIDEwIF0KL1BhcmVudCAyIDAgUgo+PgplbmRv"
        "YmoKNSAwIG9iago8PAovVHlwZSAvRW1iZWRkZWRGaWxlCi9MZW5ndGggNDgKPj4Kc3RyZWFtCrw81Whdl/z5iqyCVsaDWoJ6z7YD"
        "zL2GM1AraBuxH86gMGMxpzFggOs41zlIcnYkJAplbmRzdHJlYW0KZW5kb2JqCjYgMCBvYmoKPDwKL1R5cGUgL0ZpbGVzcGVjCi9G"
        "IDw4NjMyMTY2NDhiOTAxNjQwOTUxZGM5MWNhMzBmMjMzMDQ1YTdiZGVhNjI1YjhiNjFkNWYxNmJiNTZmMTQ3Zjc5PgovRUYgPDwK"
        "L0YgNSAwIFIKPj4KPj4KZW5kb2JqCjcgMCBvYmoKPDwKL0VtYmVkZGVkRmlsZXMgOCAwIFIKPj4KZW5kb2JqCjggMCBvYmoKPDwK"
        "L05hbWVzIFsgPGQ0MmE2NTJhOWQ5YzMxYjAwOTQ3ZWQ5Y2NhZTg4ZmFjOTI3MzIxMTMyY2NlMTAwYWVmNjRiYzgxMzFjMDJiY2Y+"
        "IDYgMCBSIF0KPj4KZW5kb2JqCjkgMCBvYmoKPDwKL1YgNQovUiA1Ci9MZW5ndGggMjU2Ci9QIDQyOTQ5NjcyOTIKL0ZpbHRlciAv"
        "U3RhbmRhcmQKL08gPGYxNTQ5ZTI0ODlmY2JkNmIyODNjZGNhYjI4NGY2ZjJhZjIzZjMyODllZjlmYzI3ZGI5Nzg5YmIxZjNiMWRl"
        "NmU5ZWQzNDk1OThkNDZmMTA3NjBkYjhkNjU3Yzc1NDYwND4KL1UgPGE5NmJlMTRmODZmODEyMGM2ZTE0ODFhYWQzMTFkZGVhYjNl"
        "MDY3YTBmZWM0NDc2MTdiZTBmZDA1MDE4OWQyMjU2YzU1M2JjMjkwMGM0NjE5OGY0YzhiODdhMTA0NTBmOD4KL0NGIDw8Ci9TdGRD"
        "RiA8PAovQXV0aEV2ZW50IC9Eb2NPcGVuCi9DRk0gL0FFU1YzCi9MZW5ndGggMzIKPj4KPj4KL1N0bUYgL1N0ZENGCi9TdHJGIC9T"
        "dGRDRgovT0UgPDQ0MDc5OWMxNjAwN2RiNjdjNWUxOGRlZDRmMDg3MTYwMzI0ZmVmMGU5NzRjM2Q4NDQ3OGEyMWYyZGI4ZjViMWY+"
        "Ci9VRSA8ZTQ4NmNkOWI2MmVlYWJiNjJmYWE2OGM3NDRiNWEwNjE1MGI0NTFkODVkMWM3ZjRiYjBkMGJiNjNlMDY3ZmMzND4KL1Bl"
        "cm1zIDxmYTljMmM5ODA4ODE2OGUzOTYwZDkxMTc4ZDE0OWQ5Zj4KPj4KZW5kb2JqCnRyYWlsZXIKPDwKL1NpemUgMTAKL1Jvb3Qg"
        "MyAwIFIKL0lEIFsgPDE2ODQ0NDMzMjUxZDJkMTMwMGY4NTI2M2M3OTg5ZDc0PiA8MTY4NDQ0MzMyNTFkMmQxMzAwZjg1MjYzYzc5"
        "ODlkNzQ+IF0KL0VuY3J5cHQgOSAwIFIKPj4Kc3RhcnR4cmVmCjExNzQKJSVFT0YK"
    ),
    "AES-256": (
        "JVBERi0xLjMKJeLjz9MKMiAwIG9iago8PAovVHlwZSAvUGFnZXMKL0NvdW50IDEKL0tpZHMgWyA0IDAgUiBdCj4+CmVuZG9iagoz"
        "IDAgb2JqCjw8Ci9UeXBlIC9DYXRhbG9nCi9QYWdlcyAyIDAgUgovTmFtZXMgNyAwIFIKPj4KZW5kb2JqCjQgMCBvYmoKPDwKL1R5"
        "cGUgL1BhZ2UKL1Jlc291cmNlcyA8PAo+PgovTWVkaWFCb3ggWyAwLjAgMC4wIDEwIDEwIF0KL1BhcmVudCAyIDAgUgo+PgplbmRv"
        "YmoKNSAwIG9iago8PAovVHlwZSAvRW1iZWRkZWRGaWxlCi9MZW5ndGggNDgKPj4Kc3RyZWFtCvc/BW5+/MnS8t8tw//L+Ljj9bmh"
        "78YsLWy1+8lCb2zSlcZdiQPnkCD3m87VUONcEAplbmRzdHJlYW0KZW5kb2JqCjYgMCBvYmoKPDwKL1R5cGUgL0ZpbGVzcGVjCi9G"
        "IDw4MmQwZGMyZDhlMTNiZGZhNjVjOWUyYTBkNjhiODYxMGI1MjgwOTg5NmM4ZjZkNGNjNmVkZGRkMzM3NmMxOTFlPgovRUYgPDwK"
        "L0YgNSAwIFIKPj4KPj4KZW5kb2JqCjcgMCBvYmoKPDwKL0VtYmVkZGVkRmlsZXMgOCAwIFIKPj4KZW5kb2JqCjggMCBvYmoKPDwK"
        "L05hbWVzIFsgPDRhMmUzNWI3NmFmYmVlM2FhMTk4MjRkOTYzM2ZhNzIwZWU0ZmU0OTA3MWU5ODM1ZDE5YWIwMjhjNTZmYWRkNzI+"
        "IDYgMCBSIF0KPj4KZW5kb2JqCjkgMCBvYmoKPDwKL1YgNQovUiA2Ci9MZW5ndGggMjU2Ci9QIDQyOTQ5NjcyOTIKL0ZpbHRlciAv"
        "U3RhbmRhcmQKL08gPDBmYjRlNmY5NDcwYTQ3Mjc0NzYwZTk3ZDFmZDJkYWU5ZTg2MzdkYzQ3NTU2ZTgzZDgxNjFiODcwNzYwZjlh"
        "MWQxMmUwNjUzYmM5MDA2ZmU2OWVhYjExYWRlMGQ4MjEyNz4KL1UgPGQxYzRiZjg2ZTI4MDk3NzU1YzA5YWYwYTY1MDU3MmNjNTEx"
        "Y2VmNzcwOGIzMDgyZWYyM2Y2Yzk4YTQ2MDBjYjQ2OTE2N2Q0MzIzNzJmMDRjZjZjNWU0ODM0ODdlY2U4Nz4KL0NGIDw8Ci9TdGRD"
        "RiA8PAovQXV0aEV2ZW50IC9Eb2NPcGVuCi9DRk0gL0FFU1YzCi9MZW5ndGggMzIKPj4KPj4KL1N0bUYgL1N0ZENGCi9TdHJGIC9T"
        "dGRDRgovT0UgPDRlYWM3NThjMzE4YTdlOTEyMjRjYTVhMTUzM2U3Mzc5NWE4Mjc0ZThiNDUzMGY2ZmVhNWZmYTY5OTU1MTkyNmI+"
        "Ci9VRSA8ZTgyMWU5Y2ZiZjg2YWYwODg4OWQ3OWFhMTk3NTVjMGVmNmY1ODIyNDM5ZGQzOGMzYmQ2YTk1MzZiMDM3ZjM1Zj4KL1Bl"
        "cm1zIDxiNTg2MTBhZmVhZmNjMTAwZWVmODYxMDIxOWNhMzI5Yj4KPj4KZW5kb2JqCnRyYWlsZXIKPDwKL1NpemUgMTAKL1Jvb3Qg"
        "MyAwIFIKL0lEIFsgPDRmZjhkMDdjOGUwNGU3NzEyNGU4MGNmMWQ3MTBiMTFjPiA8NGZmOGQwN2M4ZTA0ZTc3MTI0ZTgwY2YxZDcx"
        "MGIxMWM+IF0KL0VuY3J5cHQgOSAwIFIKPj4Kc3RhcnR4cmVmCjExNzQKJSVFT0YK"
    ),
}


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


@pytest.mark.parametrize("revision", AES_256)
def test_what_another_program_encrypted_is_opened(revision: str) -> None:
    found = opened(members, base64.b64decode(AES_256[revision]))
    assert contents(found)["inner.txt",] == b"hello attachment"
    assert remarks(found) == []
