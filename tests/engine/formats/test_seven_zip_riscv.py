import base64
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.opener import TOO_SHORT
from garrison.engine.formats.seven_zip import members
from garrison.engine.formats.seven_zip_riscv import filtered
from garrison.engine.guard import Incomplete
from tests.engine.opening import contents, opened, remarks


def program() -> bytes:
    """Return jumps, pages with and without the instruction that goes with them, and bytes that look like either."""
    chance, out = random.Random(7), bytearray()
    for _ in range(12):
        register = chance.randrange(32)
        page = chance.randrange(1 << 20) << 12
        out += bytes((0xEF, chance.randrange(256) & 0xF2)) + chance.randbytes(2)
        out += (page | register << 7 | 0x17).to_bytes(4, "little")
        out += (chance.randrange(1 << 12) << 20 | register << 15 | 0x67).to_bytes(4, "little")
        out += (page | 0x117).to_bytes(4, "little") + chance.randbytes(4)
        out += (page | 0x17).to_bytes(4, "little") + chance.randbytes(2)
    return bytes(out)


# By 7-Zip 26.02: with the filter for RISC-V, and with Swap4 before LZMA2.
ARCHIVE = base64.b64decode(
    "N3q8ryccAASCmoEeLAEAAAAAAAA+AAAAAAAAANDngf7gATcBJF0Ad6SYIzY5lSsaov6HxaqNGosc92a33sxZ77wyzqHwm0RQJohyxhGq"
    "k7R9VUtjhmxmlJCD7K3jh1DnZahutxn2QKc2N3rX8FTASeQeKi2xTAPSZJhoxFRISZ2Ymv+Vlf/BoNuADtid6c705jGizPxXHpOb/bWv"
    "u+sxcFEAA4MTN4YpXAIiGpWSERzJPjASToYHs7plH5U1gyjJ9tsUKNw9SmdZkxsyUPNeRDmcbzxE5RVJOsygkiVmWDoc98dNcgqsNSKI"
    "LDe1N1oTSYOv5wnLMIPVTekCc7k90nT8r2A4/lMFXt2UzSa9dj+A3TWJg52yPsKuJNtC4UuhrzHxraVcSHSCG8Y0PmExzN64+EIjZVhP"
    "UgX8idigl8z9uvPLjyPR3JqKAAABBAYAAQmBLAAHCwEAAiEhAQABCwEADIE4gTgACAoBCIgEuQAABQEZBAAAAAARBQB4AAAAFQYBACCA"
    "pIEAAA=="
)
SWAPPED = base64.b64decode(
    "N3q8ryccAASJPgRyKgEAAAAAAAA+AAAAAAAAAB6R2v/gATcBIl0AUyjUUN6/ne2P+opr8VQKZRxK9TScZ1X/da3hf1gN6ORPOj+42C/N"
    "GrRn7mVMj8HyNhCXsqd+o2qqBvxZer963qQWFTfvW8KCQKM6BKdXcBB40CPWB4ZlAadDS1eHZcmbw4FnmybNRTuUdKoeGLrS6Oc/lsjA"
    "XwDCkGR1XpLsEiCMGekXg5F9rwSHHrMz/t2lkBqyrUan0qgfNvZZrY0q5uyVhLB1STr87CRHUEWXphxeIoqrjnytt1pLo0Nz0AymCK1n"
    "oMQdtAL9SIpJ5u2SKRE6DGe+6fJiphpDs5uH33o24HvbPTDLMvnr82yYLVML9krF0KRHQCH6wuARAaMllijCXa0NBAwcv+79fqsrtJaB"
    "gJ/QPcsCq50TEKdjLLIBPdkAAQQGAAEJgSoABwsBAAIhIQEAAwIDBAEADIE4gTgACAoBCIgEuQAABQEZAgAAEQUAeAAAABUGAQAggKSB"
    "AAA="
)


@pytest.mark.parametrize("archive", [ARCHIVE, SWAPPED], ids=["riscv", "swap4"])
def test_an_archive_of_7_zip_is_opened(archive: bytes) -> None:
    found = opened(members, archive)
    assert contents(found) == {("x",): program()}
    assert remarks(found) == []


BYTES = st.lists(st.sampled_from([0xEF, 0x17, 0x97, 0x01, 0x02, 0x31, 0x00, 0xFF, 0x67]), max_size=12).map(bytes)


@given(st.lists(BYTES, max_size=10))
def test_pieces_make_no_difference(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    assert b"".join(filtered(iter(pieces))) == b"".join(filtered(iter([whole])))
    assert len(b"".join(filtered(iter(pieces)))) == len(whole)


def test_what_came_before_damage_is_given() -> None:
    def damaged() -> Iterator[bytes]:
        yield b"1234567890123456"
        raise Incomplete(TOO_SHORT)

    pieces = filtered(damaged())
    assert next(pieces) + next(pieces) == b"1234567890123456"
    with pytest.raises(Incomplete):
        next(pieces)
