"""The little of PKCS#7 (RFC 5652) that a detached signature needs: DER, SignedData, its first signer."""

from collections.abc import Iterator

_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_SHA256 = bytes.fromhex("608648016503040201")
_SEQUENCE, _SET, _OBJECT, _OCTETS, _CONTEXT_0 = 0x30, 0x31, 0x06, 0x04, 0xA0
_MOST_PARTS = 1000


class SignedData:
    """A detached signature. digest: the SHA-256 it says of the content. signed: the bytes that are signed.

    signature: of those. certificates: what comes along, each in DER. Raises ValueError when it is no such signature.
    """

    def __init__(self, der: bytes) -> None:
        body = _body(der)
        self.certificates = [
            whole for tag, sent, _ in body if tag == _CONTEXT_0 for kind, _, whole in parts(sent) if kind == _SEQUENCE
        ]
        signer = _signer(body)
        algorithms = [part for tag, part, _ in signer if tag == _SEQUENCE]
        attributes = [(part, whole) for tag, part, whole in signer if tag == _CONTEXT_0]
        signatures = [part for tag, part, _ in signer if tag == _OCTETS]
        if not any(_SHA256 in part for part in algorithms) or not attributes or not signatures:
            raise ValueError("no SHA-256, no attributes, or no signature")
        content, whole = attributes[0]
        self.digest = _message_digest(content)
        self.signed = bytes([_SET]) + whole[1:]
        self.signature = signatures[0]


def _body(der: bytes) -> list[tuple[int, bytes, bytes]]:
    """Return the parts of SignedData."""
    outer = _first(der)
    wrapped = [part for tag, part, _ in parts(outer) if tag == _CONTEXT_0]
    if not wrapped:
        raise ValueError("no content")
    return list(parts(_first(wrapped[0])))


def _signer(body: list[tuple[int, bytes, bytes]]) -> list[tuple[int, bytes, bytes]]:
    """Return the parts of the first signer."""
    signers = [part for tag, part, _ in body if tag == _SET][-1:]
    if not signers:
        raise ValueError("nobody has signed")
    return list(parts(_first(signers[0])))


def _message_digest(attributes: bytes) -> bytes:
    for _, attribute, _ in parts(attributes):
        inner = list(parts(attribute))
        if len(inner) == 2 and inner[0][:2] == (_OBJECT, _MESSAGE_DIGEST):
            return _first(inner[1][1])
    raise ValueError("no digest among the attributes")


def _first(der: bytes) -> bytes:
    """Return the content of the first part."""
    for _, content, _ in parts(der):
        return content
    raise ValueError("empty")


def parts(der: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield tag, content and the whole of each part. Raises ValueError."""
    at = 0
    for _ in range(_MOST_PARTS):
        if at + 2 > len(der):
            break
        tag, length, start = der[at], der[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, start = int.from_bytes(der[start : start + count], "big"), start + count
            if not 1 <= count <= 4:
                raise ValueError("no length")
        if start + length > len(der):
            raise ValueError("ends too early")
        yield tag, der[start : start + length], der[at : start + length]
        at = start + length
