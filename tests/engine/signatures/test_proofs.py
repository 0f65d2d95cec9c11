import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.signatures.proofs import (
    HEADER_KEY,
    Trust,
    decode_number,
    encode_number,
    proves_file,
    proves_md5,
    proves_sha256,
)
from garrison.engine.signatures.signed_data import SignedData
from tests.engine.signatures.keys import pem, proof, public, signed_md5, signed_sha256

CONTENT = b"a database"
MD5 = hashlib.md5(CONTENT).digest()
SHA256 = hashlib.sha256(CONTENT).digest()


@given(st.integers(1, 1 << 2048))
def test_numbers_come_back(number: int) -> None:
    assert decode_number(encode_number(number)) == number


@pytest.mark.parametrize("text", [b"", b"?", b"a" * 1001, b"\xff"])
def test_what_is_no_number_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="no signature"):
        decode_number(text)


def test_signatures_are_told_from_others() -> None:
    header, pss = public("header", 1024), public("list")
    assert proves_md5(MD5, signed_md5(MD5), header)
    assert not proves_md5(hashlib.md5(b"x").digest(), signed_md5(MD5), header)
    assert not proves_md5(MD5, signed_md5(MD5), HEADER_KEY)
    assert not proves_md5(MD5, b"?", header)
    assert proves_sha256(SHA256, signed_sha256(CONTENT), pss)
    assert not proves_sha256(hashlib.sha256(b"x").digest(), signed_sha256(CONTENT), pss)
    assert not proves_sha256(SHA256, signed_sha256(CONTENT), header)
    assert not proves_sha256(SHA256, signed_md5(MD5), pss)


def test_a_file_beside_proves_by_a_certificate_that_we_trust() -> None:
    trust = Trust(certificates=(pem("root"),))
    assert proves_file(SHA256, proof(CONTENT), trust)
    assert proves_file(SHA256, proof(CONTENT, "root", "root"), trust)
    assert not proves_file(hashlib.sha256(b"x").digest(), proof(CONTENT), trust)
    assert not proves_file(SHA256, proof(CONTENT), Trust())
    assert not proves_file(SHA256, proof(CONTENT), Trust(certificates=(pem("stranger"),)))
    assert not proves_file(SHA256, proof(CONTENT, "stranger"), trust)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"#clamsign-1.0\n",
        b"#clamsign-2.0\n1:2:pkcs7-pem:AA",
        b"#clamsign-1.0\nx",
        b"#clamsign-1.0\n1:2:pkcs7-pem:?",
    ],
)
def test_what_is_no_proof_proves_nothing(text: bytes) -> None:
    assert not proves_file(SHA256, text, Trust(certificates=(pem("root"),)))


@given(st.binary(max_size=300))
def test_any_bytes_are_no_signed_data(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        SignedData(content)


PROOF = proof(CONTENT)


@pytest.mark.filterwarnings("ignore")  # of strange numbers in certificates
@settings(max_examples=200)
@given(st.integers(0, len(PROOF) - 1), st.integers(1, 255))
def test_a_changed_proof_is_survived(at: int, change: int) -> None:
    changed = PROOF[:at] + bytes([PROOF[at] ^ change]) + PROOF[at + 1 :]
    assert proves_file(SHA256, changed, Trust(certificates=(pem("root"),))) in {True, False}
