"""The ciphers of documents: RC4, and AES without any checks (FIPS 197, in CBC and ECB of NIST SP 800-38A)."""

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

_ARC4_BYTES = {5, 7, 8, 10, 16, 20, 24, 32}
_OWN_BYTES = 4 * 1024 * 1024


def rc4(key: bytes, content: bytes) -> bytes:
    """Return the content, encrypted or decrypted. Of keys of unusual lengths, only the first 4 MiB: this is slow."""
    if len(key) in _ARC4_BYTES:
        return Cipher(ARC4(key), None).decryptor().update(content)
    if not key:
        return content
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    out = bytearray(content[:_OWN_BYTES])
    i = j = 0
    for at in range(len(out)):
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out[at] ^= state[(state[i] + state[j]) & 255]
    return bytes(out)


def aes_cbc_decrypt(key: bytes, vector: bytes, content: bytes) -> bytes:
    """Return the blocks decrypted; the content is whole blocks, the key 16, 24 or 32 bytes. b"" when they are not."""
    return _aes(key, CBC(vector), content, is_encrypting=False)


def aes_cbc_encrypt(key: bytes, vector: bytes, content: bytes) -> bytes:
    """Return the blocks encrypted, on the same terms."""
    return _aes(key, CBC(vector), content, is_encrypting=True)


def aes_ecb_decrypt(key: bytes, content: bytes) -> bytes:
    """Return the blocks decrypted, on the same terms."""
    return _aes(key, ECB(), content, is_encrypting=False)  # noqa: S305 # what the documents use


def _aes(key: bytes, mode: CBC | ECB, content: bytes, *, is_encrypting: bool) -> bytes:
    if len(key) not in {16, 24, 32} or len(content) % 16:
        return b""
    cipher = Cipher(AES(key), mode)
    run = cipher.encryptor() if is_encrypting else cipher.decryptor()
    return run.update(content) + run.finalize()
