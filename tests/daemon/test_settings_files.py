import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from garrison.base.errors import Failed, GarrisonError, Invalid, NotFound, Refused, Unavailable
from garrison.daemon import settings_files
from garrison.daemon.settings_files import Origin, Signer, read, render, write
from garrison.sdk import Settings
from tests.sdk.samples import Colour, SampleSettings

MADE = "2026-01-05T12:00:00+00:00"


def rendered(folder: Path, values: Settings | None = None) -> bytes:
    return render({"sample": values or SampleSettings()}, {"sample": "Sample"}, MADE, Signer(folder))


def file(folder: Path, content: bytes) -> Path:
    path = folder / "file.toml"
    path.write_bytes(content)
    return path


names = st.binary(max_size=9).filter(lambda name: b"\0" not in name).map(os.fsdecode)
some = st.builds(
    SampleSettings,
    count=st.integers(1, 9),
    share=st.floats(allow_nan=False, allow_infinity=False),
    colour=st.sampled_from(Colour),
    places=st.lists(names.map(lambda name: Path(f"/{name}")), max_size=3),
    own=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=3),
)


@settings(deadline=None)
@given(some)
def test_what_is_written_is_read_again(values: SampleSettings) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = read(file(folder, rendered(folder, values)), Signer(folder))
    assert found.origin is Origin.HERE
    assert (
        SampleSettings.model_validate(
            {**found.values["sample"], "places": list(map(Path, found.values["sample"]["places"]))}
        )
        == values
    )


def test_people_can_read_it_and_secrets_are_not_in_it(tmp_path: Path) -> None:
    told = rendered(tmp_path, SampleSettings.model_validate({"password": "hunter2", "passwords": ["hunter3"]}))
    assert b"hunter" not in told
    assert b"# How many.\ncount = 3\n" in told
    assert b"# password: a secret, which is not in this file" in told


def test_its_origin_is_told(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    content = rendered(here)
    unsigned = content.partition(b"\n[signature]")[0]
    for told, signer, origin in (
        (content, Signer(here), Origin.HERE),
        (content, Signer(elsewhere), Origin.ELSEWHERE),
        (content.replace(b"count = 3", b"count = 4"), Signer(here), Origin.CHANGED),
        (content.replace(b'value = "', b'value = "A'), Signer(here), Origin.CHANGED),
        (unsigned, Signer(here), Origin.UNSIGNED),
    ):
        assert read(file(tmp_path, told), signer).origin is origin
    assert (here / "signing.key").stat().st_mode & 0o777 == 0o600
    (here / "signing.key").write_text("no key", "ascii")
    with pytest.raises(Failed, match="cannot be read"):
        rendered(here)


def test_a_hand_that_moves_the_signature_changes_the_file(tmp_path: Path) -> None:
    content = rendered(tmp_path)
    moved = content.replace(b"\n[signature]\n", b"\n[settings.plain]\nenabled = false\n\n[signature]\n")
    assert read(file(tmp_path, moved), Signer(tmp_path)).origin is Origin.CHANGED
    after = content + b"[settings.plain]\nenabled = false\n"
    assert read(file(tmp_path, after), Signer(tmp_path)).origin is Origin.CHANGED


def test_nothing_else_is_overwritten(tmp_path: Path) -> None:
    path = file(tmp_path, b"a letter")
    with pytest.raises(Refused, match="something else"):
        write(path, rendered(tmp_path))
    assert path.read_bytes() == b"a letter"
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "link"):
        (tmp_path / "link").symlink_to(path) if name == "link" else None
        with pytest.raises(Refused):
            write(tmp_path / name, b"x")
    again = tmp_path / "again.toml"
    for content in (rendered(tmp_path), rendered(tmp_path, SampleSettings(count=5))):
        write(again, content)
        assert again.read_bytes() == content
    with pytest.raises(GarrisonError, match="no such file"):
        write(tmp_path / "none" / "x.toml", b"x")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no file of settings"),
        (b"format = 1", "no file of settings"),
        (b"format = 1\nsettings = 3", "no file of settings"),
        (b"format = 1\n[settings]\nscan = 3", "no file of settings"),
        (b"format = 1\n[settings.scan]\n[other]", "not known: other"),
        (b"\xff", "no text in UTF-8"),
        (b"a = ", "no TOML"),
        (b'a = "b', "does not end"),
        (b"a." * 100_000 + b"a = 1", "too deeply"),
        (b"a = {" + b'b."c".' * 100_000 + b"a = 1}", "too deeply"),
        (b"a = " + b"[" * 100_000, "too deeply"),
        (b"#" * (3 * 1024 * 1024), "too large"),
    ],
    ids=range(12),
)
def test_what_is_no_file_of_settings_is_told_from_one(tmp_path: Path, content: bytes, says: str) -> None:
    began = time.monotonic()
    with pytest.raises(Invalid, match=says):
        read(file(tmp_path, content), Signer(tmp_path))
    assert time.monotonic() - began < 2


def test_files_that_are_none_newer_or_missing(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="newer"):
        read(file(tmp_path, b"format = 2"), Signer(tmp_path))
    with pytest.raises(NotFound):
        read(tmp_path / "none", Signer(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(GarrisonError):
            read(tmp_path / name, Signer(tmp_path))


pieces = st.sampled_from(
    ["a", ".", '"', "'", '"""', "'''", "[", "]", "{", "}", "=", ",", "\n", "#", "\\", " ", "1", "format = 1\n",
     "[settings.scan]\n", "\udc80", "é", 'a = "x"\n', "[[", "]]", "1979-05-27", "nan"]
)  # fmt: skip


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=150)
@given(st.lists(pieces, max_size=12), st.sampled_from([1, 1, 5000]))
def test_hostile_files_are_refused_in_time_and_with_a_sentence(parts: list[str], times: int) -> None:
    content = ("".join(parts) * times).encode("utf-8", "surrogateescape")
    with tempfile.TemporaryDirectory() as name:
        path = file(Path(name), content)
        signal.alarm(20)  # ends a parser that hangs, with the whole run
        try:
            found: Any = read(path, Signer(Path(name)))
        except GarrisonError as error:
            found = error.text
        finally:
            signal.alarm(0)
    assert not isinstance(found, str) or found.endswith(".")


def test_a_deep_name_is_no_matter_of_quotes() -> None:
    for text in ('"a".b.c.d.e = 1', "'a'.'b'.'c'.'d'.'e' = 1", '["""x"""]\n[a . b . c . d . e]'):
        with pytest.raises(ValueError, match="deeply"):
            settings_files._check_shape(text)
    settings_files._check_shape('[settings.scan]\na = "a.b.c.d.e.f"  # a.b.c.d.e.f\nb = 1.5')
