import base64
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats import libarchive
from garrison.engine.formats.seven_zip import members
from tests.engine.archives import make_7z
from tests.engine.opening import SMALL, contents, opened, remarks

CLAMAV = Path("/usr/share/clamav-testfiles")
PROGRAM = b"".join(
    b"\x90\xe8"
    + (1000 - n * 7).to_bytes(4, "little")
    + b"\x0f\x84"
    + (n * 3).to_bytes(4, "little")
    + b"\xe9"
    + (5000 - n * 13).to_bytes(4, "little")
    for n in range(30)
)
WORDS = b"".join(b"word %d\n" % number for number in range(40))
SAMPLES: dict[str, bytes] = {
    "lzma": base64.b64decode(
        "N3q8ryccAAQIyKI0TQEAAAAAAAAhAAAAAAAAACKgeKgAO5vKqtENbx8bmucawC61NQB9czbQDIlZXMefKwypSFE2h7Qs7kEdLYmv"
        "1UA9v/0GhzJqDLmOnDT3aCBhqVyMup8qEeqAev7FEPojhjACW/Q2aGA4i1xaHz55fhiYmnaD5vZTn7Crs5wi4g2FgJuyyjBl7b2c"
        "K31FrXrvBJUDBOpySHc1wyFRG60ylqjpB21I2/4kGvaBbdLqplF9RUbXpu6XAnBiQTKBMxJrx4lBueuj16GWrBLtK9tauj2bZfvc"
        "JWI5EXsDQFhgo4EpHXmYwSDdVBnwyzM6cxMXEVGRfgAAgTMHrg/VMcgJFyVHVwXhM+nC5JcBzLjtEeO1M8tLB+OjqZMgJfeh9z/u"
        "/maAYBhOwaTuVoq99/agmHJsfrUT2LZpoK9R8IT5ArwnReu87roKdH6NtMmWwkfDOo9CSTDRu552l4Tp2bgAAAAXBoDgAQltAAcL"
        "AQABIwMBAQVdABAAAAx+CgEAjIQ6AAA="
    ),
    "ppmd": base64.b64decode(
        "N3q8ryccAAQ+MOmeZwEAAAAAAAAhAAAAAAAAAI6689EAdvZZcM2MswwZOk4CTJmiPrPDVOUQpWxFvCmR5DTvc7T6ks9xS4fnmyoQ"
        "kv39JWbV0DpXNYbq+44xjsB3MWbjQMOaZytK9q+QWlkuflRLO3GrvBK5i2s56JkJVIX+rUmVHULJZhxLWu19fOVRrqpHDSMQQn5K"
        "OTyZoxJVAsr8FPyV4Y2EtiOzpTKWQQqhvEH6k+4e8pwzZdfZtijI5VDJMq8HbbV0jv5TCy8ecuVqhc+OgBStR33wt/cz/9JscyLD"
        "MbKxShdOozK3mQqiPg4nPHbCJSLdahHv9kqN8sUQsQ923VujUF7Xet/wa9ip0IDqbm7LgX0IOQ8tAAAAgTMHrg/VMmE1hyVHVwXh"
        "M/hjCIxCiq6lCUIdHdDya+xI8qp/Zr2OVeZCjM04EcOCti9bLMxAvMI7oxOXs/wBpLZq0p8r1Z0S9H2/eypsaUIuujLc1RPlyTJ3"
        "tU/h1mDM7SngsXc/hQAAABcGgPsBCWwABwsBAAEjAwEBBV0AEAAADH4KATPHQF4AAA=="
    ),
    "bzip2": base64.b64decode(
        "N3q8ryccAATDU2cXrAEAAAAAAAAhAAAAAAAAAK4BIOFCWmg5MUFZJlNZhyUBJQABPH//yTSaT2S6f/TayWaGLBGwyIVCZAkQKEDB"
        "AgQYEKBkACAwAQWoIUgAGTTQABpoDBAAGg00A0YEBSp7xKj/1VAAAwAAAAAAAAAAGEpQAAAAAaeoAAAGgADAPUKEE4JCZKZSRSUl"
        "ItEtCUeYeZfu2zjrJppsUBEZYiAVhEIwAAiNV11xxtttppllhj0uv579eiyyPJW0ptsa6nwi5BI3Qr2/ghxVgww0AAAGAAgAAERE"
        "RB3q8IalrW1Tu3xhxY2+kbd2/hv2LMrVHqpeNOh+1K1mWlkFUW7AAIYhQmmr+eedxEMFTDMj7FLUhmZrWoiIiIiMzM2GZmRESMaR"
        "EYxTE02y2wm0wpAAhMZ4AIcgARGzIkgTQqBLRJDamIJmiAkEgkEkgkLQJMwJMC2LuSKcKEhDkoCSgAAAgTMHrg/VOV7qlyTT/rKX"
        "es6wQ+xEWavGDQpiKeZN9LboCcGatn+lvBZE0uZtOKtHng4kMUUu7w5w3oa66tMUJ2bbLYBcNJJSjtEZTpHwVbTaE6r7cKbCUe18"
        "Y4JKcEsZ+wAAABcGgUYBCWYABwsBAAEjAwEBBV0AEAAADG4KATLGSjIAAA=="
    ),
    "deflate": base64.b64decode(
        "N3q8ryccAARM5uU9qAEAAAAAAAAhAAAAAAAAAIIdR9o1z71LQlEcxvELgpAEghIEvWAgRIWg93rfIiiKMAikwGipIWpyKGoxaGiR"
        "aAkM2oKGtmhpq6nNram2lmgz6B9oy+d7f57lCx84D+e0jk4OCuUMqSRxk3hJqkn8JEGSMEmUJLbrg5mK1bV61qrVtwbW0BpZbc8t"
        "Wwfvcq2etWr1rYE1tEZW2/PK1op18FHPWrX61sAaWiNrnOn0einHybad/vm5zDtOp/cNpARnwCeQFhwCH8CQYA94A4YFDaALZAU1"
        "4BXICeaBZ2BEUAKegFFBAXgAxgR54B6YFKSBW2BK8JcT3ABFwS9wBUwLvoALYFbwDpwDJUEXOAXKghfgGPAEj0ATCAR3wD4QC66B"
        "HWBB0Aa2gEVBC6gDy4ImUANWBbvAErAm2ABiYF2wArhAXRAAc8CmYAYoAg3BODABbAuyffgHAACBMweuD9U5SDmXJNP+spd6wRPo"
        "PWttBcoa3h2dXtnbfKbhFK86zW7sEmCGHRoDRcKLzoAkUeSHggv86wR4+JrW1+x+0oOf76F6mTwTtcQ252sHnKfmiF1PwaSAmq1i"
        "z1e+AAAAFwaBQgEJZgAHCwEAASMDAQEFXQAQAAAMbgoBSdQU/QAA"
    ),
    "deflate64": base64.b64decode(
        "N3q8ryccAATVeolapwEAAAAAAAAhAAAAAAAAAIMxtpw1z71LQlEcxvELgpAEghIEvWAgRIWg93rfIiiKMAikwGipIWpyKGoxaGiR"
        "aAkM2oKGtmhpq6nNram2lmgz6B9oy+d7f57lCx84D+e0jk4OCuUMqSRxk3hJqkn8JEGSMEmUJLbrg5mK1bV61qrVtwbW0BpZbc8t"
        "Wwfvcq2etWr1rYE1tEZW2/PK1op18FHPWrX61sAaWiNrnOn0einHybad/vm5zDtOp/cNpARnwCeQFhwCH8CQYA94A4YFDaALZAU1"
        "4BXICeaBZ2BEUAKegFFBAXgAxgR54B6YFKSBW2BK8JcT3ABFwS9wBUwLvoALYFbwDpwDJUEXOAXKghfgGPAEj0ATCAR3wD4QC66B"
        "HWBB0Aa2gEVBC6gDy4ImUANWBbvAErAm2ABiYF2wArhAXRAAc8CmYAYoAg3BODABbAuyffgHAACBMweuD9U5SDmXJNP+spd+0lvE"
        "1zuSufUr4byyT7YHXoe2Kj1tvBr4gftj8hWYKCIO/5+ifC+Fm0kATB6goqLuPVskwbckxOUZfbuYOEefTICl5L/c3Zj4rixmOrpP"
        "Gm6nAAAXBoFCAQllAAcLAQABIwMBAQVdABAAAAxuCgFQztqsAAA="
    ),
    "copy": base64.b64decode(
        "N3q8ryccAATGfhhplAMAAAAAAAAhAAAAAAAAAJWwlsV3b3JkIDAKd29yZCAxCndvcmQgMgp3b3JkIDMKd29yZCA0CndvcmQgNQp3"
        "b3JkIDYKd29yZCA3CndvcmQgOAp3b3JkIDkKd29yZCAxMAp3b3JkIDExCndvcmQgMTIKd29yZCAxMwp3b3JkIDE0CndvcmQgMTUK"
        "d29yZCAxNgp3b3JkIDE3CndvcmQgMTgKd29yZCAxOQp3b3JkIDIwCndvcmQgMjEKd29yZCAyMgp3b3JkIDIzCndvcmQgMjQKd29y"
        "ZCAyNQp3b3JkIDI2CndvcmQgMjcKd29yZCAyOAp3b3JkIDI5CndvcmQgMzAKd29yZCAzMQp3b3JkIDMyCndvcmQgMzMKd29yZCAz"
        "NAp3b3JkIDM1CndvcmQgMzYKd29yZCAzNwp3b3JkIDM4CndvcmQgMzkKkOjoAwAAD4QAAAAA6YgTAACQ6OEDAAAPhAMAAADpexMA"
        "AJDo2gMAAA+EBgAAAOluEwAAkOjTAwAAD4QJAAAA6WETAACQ6MwDAAAPhAwAAADpVBMAAJDoxQMAAA+EDwAAAOlHEwAAkOi+AwAA"
        "D4QSAAAA6ToTAACQ6LcDAAAPhBUAAADpLRMAAJDosAMAAA+EGAAAAOkgEwAAkOipAwAAD4QbAAAA6RMTAACQ6KIDAAAPhB4AAADp"
        "BhMAAJDomwMAAA+EIQAAAOn5EgAAkOiUAwAAD4QkAAAA6ewSAACQ6I0DAAAPhCcAAADp3xIAAJDohgMAAA+EKgAAAOnSEgAAkOh/"
        "AwAAD4QtAAAA6cUSAACQ6HgDAAAPhDAAAADpuBIAAJDocQMAAA+EMwAAAOmrEgAAkOhqAwAAD4Q2AAAA6Z4SAACQ6GMDAAAPhDkA"
        "AADpkRIAAJDoXAMAAA+EPAAAAOmEEgAAkOhVAwAAD4Q/AAAA6XcSAACQ6E4DAAAPhEIAAADpahIAAJDoRwMAAA+ERQAAAOldEgAA"
        "kOhAAwAAD4RIAAAA6VASAACQ6DkDAAAPhEsAAADpQxIAAJDoMgMAAA+ETgAAAOk2EgAAkOgrAwAAD4RRAAAA6SkSAACQ6CQDAAAP"
        "hFQAAADpHBIAAJDoHQMAAA+EVwAAAOkPEgAAAACBMweuMZ7jtY2lbkGXUueYv2H49r3sU1jz9CtS684tShHXgNH8J1y/d/ahPcT/"
        "AIB4OAcwgtgaKKK8Tw21/p13Zkf7A96/DM/Ox3kgN4wmOQKsqkYYs6J0daXqWwAAFwaDNAEJYAAHCwEAASMDAQEFXQAQAAAMbgoB"
        "gvWA8gAA"
    ),
    "x86": base64.b64decode(
        "N3q8ryccAASosXa3UgEAAAAAAAAhAAAAAAAAAP0DjnUAO5vKqtENbx8bmucawC61NQB9czbQDIlZXMefKwypSFE2h7Qs7kEdLYmv"
        "1UA9v/0GhzJqDLmOnDT3aCBhqVyMup8qEeqAev7FD/j0jHgCvl9blTL6ZL7QNCy6dOqFDTtOeO1UXxNK/wZxfaaOssF24inw1d1R"
        "v66P+Sekxf2cA8B1zus4McJXrMN/LqmDbf9EsQrYTHSvYSAJy7iPmitK1gvQfLiy7pprulXLL2urlilYMqA5i3uXNXL19g9egEfv"
        "zIonz0xy1xvUKBvSwgX2UCKO221kqIIYiak/72vMbQAAAIEzB64P1THNtWclRSgpRQjLmmfis3XS+Zntqsn+pL1nYsOG72n6auVz"
        "Mvj2PdF4By1c4WDoKWsLu2lStr+8JYN3lSyt9SNj55wstpmQ9KhyLvl/Qyvx6HKc4Qj8iEYefCSPcNEo55kQm04ILnQAABcGgOEB"
        "CXEABwsBAAEjAwEBBV0AEAAADH4KAYSqjCIAAA=="
    ),
    "bcj2": base64.b64decode(
        "N3q8ryccAAT3cqUFjgEAAAAAAAAjAAAAAAAAAC0DyI0AO5vKqtENbx8bmucawC61NQB9czbQDIlZXMefKwypSFE2h7Qs7kEdLYmv"
        "1UA9v/0GhzJqDLmOnDT3aCBhqVyMup8qEeqAev7FEPojhjACW/0xycKig0PQ2GU+LabgX03dfGqGohdZ1L6HstOmTvByLnNjmNze"
        "tSRn/I2vfD8CaKgkiMHrS2HOHQ7rpgsRs3mHYQeFKyFFmu6k178iXV6fW2ohrdYeUKF0qHBKPSuP3iD68VZmoJaDdI/Osr3C0TvY"
        "P2H0ACSjtlZGCBuSvz4AAAAAAAAAAGADDRMDfxTivyHPcU2Nt602Bldyt+r5FAMco2u8ncUhMJ6aJlJcJh7+vAxehp9LWRsUjwAA"
        "AIEzB65txXRQ6hgQmvNdyXpOE1vpe0RC5pJrnkYEqSy1asO/wM1ZqB1oXF1cG6JV8kAckXZsEYzXtuJvoQ03NIcg4mVRAbsQ11cW"
        "v75Yc+gFCVHrYrxgTQCHF4OrLzhKvjHGhxxnZsDwMnJLWo24ukutykwtOK9HU0f4JhI4YAAAABcGgQsBCYCDAAcLAQABIwMBAQVd"
        "ABAAAAyArgoBMnLHgAAA"
    ),
    "delta": base64.b64decode(
        "N3q8ryccAATMG3hZAQIAAAAAAAAhAAAAAAAAAGs9J+3gAzMBi10AO5vKqtbQyORSOtZn6uyqWTkFHHIgHRUlvm+Qo8lp4/3Ut7z3"
        "/cGkYB278UvSwTjulvaOZdB9jt1n8R5e+jlfDSSXRy6CzPWoqscoE8n0dDgsaHK6PBNVWd5QEnp3aen0zVjnCZhtlUq174hra8kf"
        "eiu+2zC1iaW20zTvLJhW4D/ghzZp14M0x/alpuo9wX89WV23ET1xpTWT6YQPcvLdam5KiOgBK5bfeFZxsnDHYOADcO4SfQmkr12h"
        "NJxJPO9Sy/6fEhgneMr68I82LxOhpHzqhFxkmK4UnddhLy6AbFk601K04F7hDKn5d6qyyxhhV4rVdg2ThuJ/e7xOdGkoDY5PMs4e"
        "nK9xX61XBvAPB6IXA38rDYm+uNFGft8TmUyp9LmxEM8Z6pko6ZV78HVdWOoZxI+fid9G+Rf79uONVU7Wtdwrqf44uDYCYqQ4vOlw"
        "4I1x+IWZt/8/gF3A0TMoBERc8vdakwp00DnP22JZRZGBK5f692A/wB4rCfutcJSDfXv2R7ubAaGJsLoAAACBMweuD9U7E7nWbCcB"
        "4O77VP6D9jbtJ8LJV0H/8N2czaFP+J6qDBsEXfFbDkBmUBrxPFdTbqfx1WTRJQhp3C3Ik4LNfCOEI9pBQoO1/1k2HVxI7Zg9ALT+"
        "/CvcTgDB7h+pBM9vcl+ooX99AAAXBoGTAQluAAcLAQABIwMBAQVdABAAAAx+CgEgZY+NAAA="
    ),
    "encrypted": base64.b64decode(
        "N3q8ryccAATMrfK9dAEAAAAAAAAjAAAAAAAAAOXqkDPjcwBo9r7cD4YpJ91yKvP5GNrInxxrHgqrY2MuXWPg1yOs+nO76bF6sCYP"
        "neie1P3ZWbScaiJBNQ3Q/2HoaWEa7RaEotmTkwHOxUToHsnJeBlj0c6Bj/k9r6Q4sqFVfVI5Avu9ZRLwZgWn283VFHTX9dK1YkMJ"
        "8i63ZixQ9G75ezoQBp/DjaJZ8pj0sGWO+WAfKao4fWvYIvio2U7cUigHV1Hkdicr4gZOxj0S+BpB3fVI1jiL+DW836FPPC6sB6Sq"
        "ASqVUqxdtEZRM+VLsuKHpSNKgA8YwBO7oygCIMjl879XMtP1AqTo+j8QE1sl8tkAAIEzB64P1TIizhclRSgpSsXAAO4sN1PoeyRW"
        "7niUtyolNfRPeq9dM8V2KcE+vHfP3Ud1qwHCKQuIq2vwZtMVqP0Yt9yBykCbb6gTGejdkeGQ7rtBql8yHcZASdjcoII8UKN/M6fj"
        "XjHiMhu4a+BQtk3mFVlSaXVFuBcdVutKQuVPAAAXBoDwAQmAhAAHCwEAASMDAQEFXQAQAAAMgI4KAcWf2RwAAA=="
    ),
    "all encrypted": base64.b64decode(
        "N3q8ryccAAT2zV3TgAEAAAAAAAA/AAAAAAAAAPW786ukeL2FL8Cj74NpOEoNUurLtku7hodBpDiemYARHtn6X0o1r2YmeBSIVDS0"
        "XjkMVm/9FgCJMJZAGsauRIlVZ7+EkKzQi586JR8j/HJHXA5FECD3umycZN0dGUiJ383LOcGq77BSQyIJ8nkK/Xu3apJXrKZvpdsa"
        "kKZhU6fCeoqY9EhiYtdV0ro2COrYbRpBDYiRdDcog/oy3U1H0pqtlHAgYHLEPT9twHHsDvW+MC81oEX8KPGP3tmvsrA3jx7vqqvE"
        "F+cQhWntMemjJbhFp1JDo19ggLWjzqxGEC2rR4/qOkcOv1eifp959Y43y+3Jd+AjGnLppusHQB7DMTcGbxG2rwyIK/bQ6sJcznlc"
        "Mr3qjacn76bi9yHxeaK8H9S4L0jDQ8N9j9SWNbCTctHgMpalHS0bEZm4HvM97Ql/W4tL6YraXUaJhl4Twn38acKJdR9VBitf9FeT"
        "kSmLFc6nEf17XEHANNK/37FUSrtxqWy/pxTW+xz0B59vTov4RgGrZXQXBoDwAQmAkAAHCwEAAiQG8QcBElMP4v27E5uE6pCzGSLk"
        "5gRhRiMDAQEFXQAQAAABAAyAhICOCgEiC7B5AAA="
    ),
    "other": base64.b64decode(
        "N3q8ryccAAR0yT3QYAAAAAAAAABiAAAAAAAAADu1/v5n8faVG9EPTd+htvRcwOFTWnsrTuNFrTU5nKWDCoNPhKT/XztWTxmzd6GL"
        "jL06IbVH1OhNYC4AD9g849PynCoOzwwsTx+vgmjZIfSq1gdNaKnfzrFhmzbuCBpTgA79v8cBBAYAAQlgAAcLAQACJAbxBwESUw9/"
        "GhqpseYJ7hCwc6sgrTDSISEBAAEADFKBNgAICgEdxz/6AAAFARkAEQ0AYQAuAHQAeAB0AAAAFAoBAFxreYQOfN0BFQYBACCApIEA"
        "AA=="
    ),
}


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in {"other", "ppmd"}])
def test_it_opens_what_7_zip_packs(name: str) -> None:
    found = opened(members, SAMPLES[name])
    assert contents(found) == {("p.bin",): PROGRAM, ("a.txt",): WORDS}
    assert remarks(found) == []
    assert all(member.listed and member.listed.is_encrypted == ("encrypted" in name) for member in found)


def test_another_password_is_said() -> None:
    assert remarks(opened(members, SAMPLES["other"])) == ["encrypted: not opened"]


@pytest.mark.skipif(not libarchive.preload(), reason="libarchive13 is not installed")
def test_ppmd_is_opened_through_libarchive() -> None:
    found = opened(members, SAMPLES["ppmd"])
    assert contents(found) == {("p.bin",): PROGRAM, ("a.txt",): WORDS}
    assert remarks(found) == []


def test_ppmd_without_the_library_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libarchive, "_library", None)
    assert set(remarks(opened(members, SAMPLES["ppmd"]))) == {"not opened: install libarchive13"}


def test_a_stored_file_comes_out() -> None:
    assert contents(opened(members, make_7z(b"content", b"\x00", b""))) == {("inner",): b"content"}


def test_an_unknown_method_is_named() -> None:
    assert remarks(opened(members, make_7z(b"content", b"\x7f\x01", b""))) == ["not opened: packed by method 7f01"]


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"all encrypted", "encrypted", "other"}))
def test_changed_anywhere_it_is_survived(name: str) -> None:
    for at in random.Random(1).sample(range(len(SAMPLES[name])), 60):
        changed = bytearray(SAMPLES[name])
        changed[at] ^= 1 << at % 8
        opened(members, bytes(changed), limits=SMALL)
        opened(members, SAMPLES[name][:at], limits=SMALL)


def test_the_sample_of_clamav_is_opened() -> None:
    if not (CLAMAV / "clam.7z").exists():
        pytest.skip("clamav-testfiles is not installed")
    found = opened(members, (CLAMAV / "clam.7z").read_bytes())
    assert list(contents(found).values()) == [(CLAMAV / "clam.exe").read_bytes()]


@given(st.binary(max_size=200))
def test_any_header_is_survived(data: bytes) -> None:
    start = bytes(8) + len(data).to_bytes(8, "little") + bytes(4)
    opened(members, b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(4) + start + b"\x01" + data, limits=SMALL)
