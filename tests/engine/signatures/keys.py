"""Keys, certificates and containers for tests: as ClamAV makes them, by somebody else."""

import base64
import datetime as dt
import functools
import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

from garrison.engine.signatures.proofs import Key, Trust, encode_number

DAY = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@functools.cache
def private(name: str, bits: int) -> rsa.RSAPrivateKey:
    """Return a key of this name, made once."""
    assert name
    return rsa.generate_private_key(65537, bits)


def public(name: str, bits: int = 2048) -> Key:
    numbers = private(name, bits).public_key().public_numbers()
    return Key(numbers.n, numbers.e)


def trust(*, certificates: tuple[bytes, ...] = (), allow_unsigned: bool = False) -> Trust:
    """Return the trust in our test keys."""
    return Trust(public("header", 1024), public("list"), certificates, allow_unsigned)


def signed_md5(digest: bytes) -> bytes:
    numbers = private("header", 1024).private_numbers()
    return encode_number(pow(int.from_bytes(digest, "big"), numbers.d, numbers.public_numbers.n))


def signed_sha256(content: bytes) -> bytes:
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    return encode_number(int.from_bytes(private("list", 2048).sign(content, pss, hashes.SHA256()), "big"))


def tar(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def with_list(members: Mapping[str, bytes], *, is_signed: bool = True) -> dict[str, bytes]:
    """Return the members with the list of them."""
    lines = [f"{name}:{len(content)}:{hashlib.sha256(content).hexdigest()}\n" for name, content in members.items()]
    body = ("ClamAV-VDB:01 Mar 2026 12-00 +0000:7:1:90:X:X:us:1\n" + "".join(lines)).encode()
    info = body + (b"DSIG:" + signed_sha256(body) + b"\n" if is_signed else b"")
    return {"COPYING": b"free\n", "test.info": info} | dict(members)


def container(body: bytes, *, signature: bytes | None = None, version: int = 7) -> bytes:
    """Return a container around a tar. signature: instead of the right one."""
    digest = hashlib.md5(body)
    right = signed_md5(digest.digest()) if signature is None else signature
    fields = (b"ClamAV-VDB", b"01 Mar 2026 12-00 +0000", b"%d" % version, b"1", b"90", digest.hexdigest().encode())
    return b":".join((*fields, right, b"us", b"1")).ljust(512) + body


def cvd(members: Mapping[str, bytes]) -> bytes:
    """Return a .cvd that is right in every way."""
    return container(gzip.compress(tar(with_list(members)), mtime=0))


def cdiff(commands: bytes, version: int) -> bytes:
    """Return a signed difference that leads to a version."""
    body = b"ClamAV-Diff:%d:%d:" % (version, len(commands)) + gzip.compress(commands, mtime=0)
    return body + b":" + signed_sha256(body)


def certificate(name: str, issuer: str, *, is_authority: bool = False) -> x509.Certificate:
    subject, above = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, issuer))
    builder = x509.CertificateBuilder(above, subject, private(name, 2048).public_key(), 7, DAY, DAY.replace(year=2036))
    builder = builder.add_extension(x509.BasicConstraints(is_authority, None), critical=True)
    return builder.sign(private(issuer, 2048), hashes.SHA256())


def pem(issuer: str) -> bytes:
    return certificate(issuer, issuer, is_authority=True).public_bytes(Encoding.PEM)


def proof(content: bytes, issuer: str = "root", by: str = "signer", between: x509.Certificate | None = None) -> bytes:
    """Return a .sign file. between: a certificate that comes along."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(certificate(by, issuer), private(by, 2048), hashes.SHA256())
    if between is not None:
        builder = builder.add_certificate(between)
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    der = builder.sign(Encoding.DER, options)
    return b"#clamsign-1.0\n220:4294967295:pkcs7-pem:" + base64.b64encode(der) + b"\n"
