from garrison.engine.formats.ole_ciphers import aes_cbc_decrypt, aes_cbc_encrypt, aes_ecb_decrypt, rc4


def test_rc4_gives_what_its_test_vectors_say() -> None:
    assert rc4(b"Wiki", b"pedia").hex() == "1021bf0420"
    assert rc4(bytes.fromhex("0102030405"), bytes(16)).hex() == "b2396305f03dc027ccc3524a0a1118a8"
    assert rc4(b"", b"as it is") == b"as it is"


def test_aes_goes_there_and_back() -> None:
    packed = aes_cbc_encrypt(b"k" * 16, bytes(16), b"block" * 16)
    assert aes_cbc_decrypt(b"k" * 16, bytes(16), packed) == b"block" * 16
    assert aes_ecb_decrypt(b"k" * 16, packed[:16]) == b"block" * 3 + b"b"


def test_what_is_no_key_or_no_blocks_gives_nothing() -> None:
    assert aes_cbc_decrypt(b"k", bytes(16), bytes(16)) == b""
    assert aes_ecb_decrypt(b"k" * 32, bytes(15)) == b""
