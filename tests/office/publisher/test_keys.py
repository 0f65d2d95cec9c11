import stat
from pathlib import Path

import pytest

from garrison.base.errors import Failed, Invalid
from garrison.office.publisher.keys import Keys


def test_a_key_is_kept_for_its_owner_only_and_found_again(tmp_path: Path) -> None:
    keys = Keys([tmp_path / "keys"])
    made = keys.make("targets")
    (path,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    (found,) = keys.signers([made.public_key.keyid])
    assert found.public_key == made.public_key
    assert keys.signers(["00" * 32]) == []


def test_keys_are_looked_for_in_every_folder(tmp_path: Path) -> None:
    made = Keys([tmp_path / "stick"]).make("root")
    assert Keys([tmp_path / "none"]).signers([made.public_key.keyid]) == []
    assert len(Keys([tmp_path / "none", tmp_path / "stick"]).signers([made.public_key.keyid])) == 1


def test_only_the_roots_keys_are_encrypted_and_open_by_the_passphrase(tmp_path: Path) -> None:
    keys = Keys([tmp_path], b"secret")
    ids = {role: keys.make(role).public_key.keyid for role in ("root", "timestamp")}
    assert len(Keys([tmp_path]).signers([ids["timestamp"]])) == 1
    assert Keys([tmp_path]).signers([ids["root"]]) == []
    assert len(keys.signers(ids.values())) == 2
    with pytest.raises(Invalid, match="does not open"):
        Keys([tmp_path], b"wrong").signers([ids["root"]])


def test_a_damaged_key_is_told(tmp_path: Path) -> None:
    made = Keys([tmp_path]).make("root")
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"damaged")
    with pytest.raises(Failed, match="no key, or damaged"):
        Keys([tmp_path]).signers([made.public_key.keyid])


def test_a_retired_key_signs_no_more(tmp_path: Path) -> None:
    keys = Keys([tmp_path])
    made = keys.make("root")
    keys.retire("root", [made.public_key.keyid])
    assert keys.signers([made.public_key.keyid]) == []
    assert len(list((tmp_path / "retired").iterdir())) == 1
