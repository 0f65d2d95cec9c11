"""Who says that a database is what it claims to be: ClamAV's own RSA signatures, and detached PKCS#7 ones.

Three forms are met (libclamav/dsig.c, shared/cdiff.c, and the manual of ClamAV 1.5):

- in the header of a .cvd: plain RSA of the MD5 of all behind the header;
- in the .info file of a .cvd or .cld, and behind a .cdiff: RSASSA-PSS (RFC 8017) over SHA-256, salt of 32 bytes;
- beside a file since 1.5, NAME-VERSION.cvd.sign: lines `minimum level:maximum level:pkcs7-pem:BASE64`, a detached
  PKCS#7 signature by a certificate that one of ours has issued.

ClamAV writes RSA numbers in 64 digits of its own, the lowest first.
"""

import base64
import hashlib
from binascii import Error
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from garrison.engine.signatures.clamav_root import CLAMAV_ROOT
from garrison.engine.signatures.signed_data import SignedData

_DIGITS = {digit: value for value, digit in enumerate(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
)}  # fmt: skip
_MOST_DIGITS = 1000
_PSS_BYTES = 256
_HASH_BYTES = 32
_MOST_LINES = 100
_MOST_CERTIFICATES = 10
_LONGEST_CHAIN = 4
_UNREADABLE = (  # what the library raises for certificates and signatures that are none
    ValueError,
    TypeError,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class Key:
    """An RSA key of ClamAV's."""

    modulus: int
    exponent: int


HEADER_KEY: Final = Key(
    118640995551645342603070001658453189751527774412027743746599405743243142607464144767361060640655844749760788890022283424922762488917565551002467771109669598189410434699034532232228621591089508178591428456220796841621637175567590476666928698770143328137383952820383197532047771780196576957695822641224262693037,
    100001027,
)
PSS_KEY: Final = Key(
    14783905874077467090262228516557917570254599638376203532031989214105552847269687489771975792123442185817287694951949800908791527542017115600501303394778618535864845235700041590056318230102449612217458549016089313306591388590790796515819654102320725712300822356348724011232654837503241736177907784198700834440681124727060540035754699658105895050096576226753008596881698828185652424901921668758326578462003247906470982092298106789657211905488986281078346361469524484829559560886227198091995498440676639639830463593211386055065360288422394053998134458623712540683294034953818412458362198117811990006021989844180721010947,
    100002053,
)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe. certificates: PEM, of those who issue the signatures of ClamAV 1.5.

    allow_unsigned: whether a container is taken though nobody has signed it; a wrong signature is refused all the same.
    """

    header_key: Key = HEADER_KEY
    pss_key: Key = PSS_KEY
    certificates: tuple[bytes, ...] = (CLAMAV_ROOT,)
    allow_unsigned: bool = False
    issuers: tuple[x509.Certificate, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        issuers = [each for pem in self.certificates for each in x509.load_pem_x509_certificates(pem)]
        object.__setattr__(self, "issuers", tuple(issuers))


def decode_number(text: bytes) -> int:
    """Return the number that ClamAV writes so. Raises ValueError."""
    if not text or len(text) > _MOST_DIGITS:
        raise ValueError("no signature")
    try:
        return sum(_DIGITS[digit] << (6 * place) for place, digit in enumerate(text))
    except KeyError as error:
        raise ValueError("no signature") from error


def encode_number(number: int) -> bytes:
    """Write a number as ClamAV does."""
    digits = sorted(_DIGITS, key=lambda digit: _DIGITS[digit])
    text = bytearray()
    while number:
        text.append(digits[number & 63])
        number >>= 6
    return bytes(text)


def proves_md5(digest: bytes, signature: bytes, key: Key) -> bool:
    """Return whether the signature in a header is that of an MD5."""
    try:
        return pow(decode_number(signature), key.exponent, key.modulus) == int.from_bytes(digest, "big")
    except ValueError:
        return False


def proves_sha256(digest: bytes, signature: bytes, key: Key) -> bool:
    """Return whether a PSS signature is that of a SHA-256."""
    try:
        block = pow(decode_number(signature), key.exponent, key.modulus).to_bytes(_PSS_BYTES, "big")
    except (ValueError, OverflowError):
        return False
    masked, seed, end = block[: -_HASH_BYTES - 1], block[-_HASH_BYTES - 1 : -1], block[-1]
    if end != 0xBC:
        return False
    mask = mask_of(seed, len(masked))
    plain = bytearray(a ^ b for a, b in zip(masked, mask, strict=True))
    plain[0] &= 0x7F
    salt = bytes(plain[-_HASH_BYTES:])
    if any(plain[: -_HASH_BYTES - 1]) or plain[-_HASH_BYTES - 1] != 1:
        return False
    return hashlib.sha256(bytes(8) + digest + salt).digest() == seed


def mask_of(seed: bytes, length: int) -> bytes:
    """Return MGF1 with SHA-256 (RFC 8017, B.2.1)."""
    rounds = range((length + _HASH_BYTES - 1) // _HASH_BYTES)
    return b"".join(hashlib.sha256(seed + each.to_bytes(4, "big")).digest() for each in rounds)[:length]


def proves_file(digest: bytes, proof: bytes, trust: Trust) -> bool:
    """Return whether a .sign file says that a certificate we trust has signed what has this SHA-256."""
    lines = proof.splitlines()
    if not lines or not lines[0].startswith(b"#clamsign-1."):
        return False
    return any(_is_proof(line, digest, trust) for line in lines[1:_MOST_LINES])


def _is_proof(line: bytes, digest: bytes, trust: Trust) -> bool:
    fields = line.strip().split(b":", 3)
    try:
        if fields[2] != b"pkcs7-pem":
            return False
        return _is_signed(base64.b64decode(fields[3], validate=True), digest, trust)
    except (IndexError, Error, *_UNREADABLE):
        return False


def _is_signed(der: bytes, digest: bytes, trust: Trust) -> bool:
    signed = SignedData(der)
    if signed.digest != digest:
        return False
    sent = [x509.load_der_x509_certificate(each) for each in signed.certificates[:_MOST_CERTIFICATES]]
    for certificate in _trusted(sent, trust.issuers):
        key = certificate.public_key()
        if isinstance(key, RSAPublicKey):
            try:
                key.verify(signed.signature, signed.signed, PKCS1v15(), hashes.SHA256())
            except InvalidSignature:
                continue
            return True
    return False


def _trusted(sent: list[x509.Certificate], issuers: tuple[x509.Certificate, ...]) -> list[x509.Certificate]:
    """Return the issuers, and those certificates that lead back to them. When they are valid, nobody asks: no clock."""
    trusted = list(issuers)
    may_issue = list(issuers)
    for _ in range(_LONGEST_CHAIN):
        for certificate in sent:
            if certificate not in trusted and _is_issued(certificate, may_issue):
                trusted.append(certificate)
                if _is_authority(certificate):
                    may_issue.append(certificate)
    return trusted


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, *_UNREADABLE):
        return False


def _is_issued(certificate: x509.Certificate, issuers: list[x509.Certificate]) -> bool:
    for issuer in issuers:
        try:
            certificate.verify_directly_issued_by(issuer)
        except _UNREADABLE:
            continue
        return True
    return False
