import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.base.errors import Invalid
from garrison.engine.signatures.cdiff import apply, version_of
from tests.engine.signatures.clamscan import needs_sigtool, sigtool
from tests.engine.signatures.keys import pem, proof, signed_sha256, trust

FILES: Mapping[str, bytes] = {"a.hdb": b"one\ntwo\nthree\nfour\n", "b.hdb": b"five\n"}


def diff(*commands: str, is_signed: bool = True, size: int | None = None) -> bytes:
    script = "".join(command + "\n" for command in commands).encode()
    body = b"ClamAV-Diff:8:%d:" % (len(script) if size is None else size) + gzip.compress(script, mtime=0)
    return body + b":" + (signed_sha256(body) if is_signed else b"")


def applied(*commands: str) -> dict[str, bytes]:
    return apply(FILES, diff(*commands), trust())


def test_all_commands() -> None:
    assert version_of(diff()) == 8
    assert applied() == FILES
    assert applied("OPEN a.hdb", "ADD five six", "DEL 2 tw", "XCHG 3 thr drei vier", "CLOSE") == {
        "a.hdb": b"one\ndrei vier\nfour\nfive six\n",
        "b.hdb": b"five\n",
    }
    assert applied("OPEN new.hdb", "ADD x", "CLOSE")["new.hdb"] == b"x\n"
    assert applied("MOVE a.hdb b.hdb 2 tw 3 three") == {"a.hdb": b"one\nfour\n", "b.hdb": b"five\ntwo\nthree\n"}
    assert applied("UNLINK b.hdb") == {"a.hdb": FILES["a.hdb"]}


@pytest.mark.parametrize(
    ("commands", "why"),
    [
        (["OPEN a.hdb", "DEL 2 other", "CLOSE"], "line 2 is another"),
        (["OPEN a.hdb", "DEL 9 x", "CLOSE"], "line 9 is another"),
        (["OPEN a.hdb", "XCHG 1 x y", "CLOSE"], "line 1 is another"),
        (["OPEN a.hdb", "DEL 1 one", "XCHG 1 one y", "CLOSE"], "removed and changed"),
        (["OPEN c.hdb", "DEL 1 x", "CLOSE"], "no file c.hdb"),
        (["OPEN a.hdb"], "not closed"),
        (["OPEN a.hdb", "OPEN b.hdb"], "not closed"),
        (["ADD x"], "no file is open"),
        (["OPEN ../a"], "no name"),
        (["OPEN ..a"], "no name"),
        (["UNLINK c.hdb"], "no such file"),
        (["OPEN a.hdb", "UNLINK a.hdb"], "not closed"),
        (["MOVE a.hdb b.hdb 3 th 2 two"], "nothing to move"),
        (["MOVE a.hdb b.hdb 2 x 3 th"], "another than expected"),
        (["DANCE"], "unknown command"),
        (["OPEN a.hdb", "DEL x y"], "no number"),
        (["OPEN a.hdb", "DEL 1"], "too few words"),
    ],
)
def test_what_does_not_fit_changes_nothing(commands: list[str], why: str) -> None:
    before = dict(FILES)
    with pytest.raises(Invalid, match=why):
        apply(before, diff("OPEN b.hdb", "ADD x", "CLOSE", *commands), trust())
    assert before == FILES


def test_only_what_is_signed_is_applied() -> None:
    unsigned = diff("UNLINK b.hdb", is_signed=False)
    with pytest.raises(Invalid, match="nobody has signed"):
        apply(FILES, unsigned, trust())
    assert apply(FILES, unsigned, trust(allow_unsigned=True)) == {"a.hdb": FILES["a.hdb"]}
    assert apply(FILES, unsigned, trust(certificates=(pem("root"),)), proof(unsigned)) == {"a.hdb": FILES["a.hdb"]}
    with pytest.raises(Invalid, match="not by anybody we trust"):
        apply(FILES, unsigned, trust(certificates=(pem("root"),)), proof(b"other"))
    signed = diff("UNLINK b.hdb")
    with pytest.raises(Invalid, match="signature is not right"):
        apply(FILES, signed.replace(b"Diff:8", b"Diff:9"), trust())


@pytest.mark.parametrize("size", [0, 5, 1 << 33])
def test_a_wrong_size_is_refused(size: int) -> None:
    with pytest.raises(Invalid, match=r"(damaged|too much)"):
        apply(FILES, diff("UNLINK b.hdb", size=size), trust())


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(content: bytes) -> None:
    for beginning in (b"", b"ClamAV-Diff:1:100:"):
        with pytest.raises(Invalid):
            apply(FILES, beginning + content, trust(allow_unsigned=True))


@needs_sigtool
@pytest.mark.parametrize(
    "commands",
    [
        ["OPEN a.hdb", "ADD five six", "DEL 2 tw", "XCHG 3 thr drei vier", "CLOSE"],
        ["OPEN new.hdb", "ADD x", "CLOSE"],
        ["MOVE a.hdb b.hdb 2 tw 3 three"],
        ["MOVE a.hdb b.hdb 1 one 4 four", "OPEN b.hdb", "DEL 1 five", "DEL 3 two", "CLOSE"],
        ["UNLINK b.hdb"],
    ],
)
def test_files_become_what_sigtool_makes_of_them(commands: list[str], tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "test-1.script").write_text("".join(command + "\n" for command in commands))
    # It compares what it made with a list, too.
    ours = applied(*commands)
    lines = [f"{name}:{len(content)}:{hashlib.sha256(content).hexdigest()}\n" for name, content in ours.items()]
    (tmp_path / "test.info").write_text("ClamAV-VDB:01 Mar 2026 12-00 +0000:1:1:90:X:X:us:1\n" + "".join(lines))
    sigtool(tmp_path, "--run-cdiff=test-1.script")
    assert ours == {path.name: path.read_bytes() for path in tmp_path.glob("*.hdb")}
