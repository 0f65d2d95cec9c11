import pytest

from garrison.engine.formats.single import inner_name


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        ("a.txt.gz", "a.txt"),
        ("A.GZ", "A"),
        ("a.tgz", "a.tar"),
        ("a.TXZ", "a.tar"),
        ("dir/a.tar.zst", "a.tar"),
        ("a", "a"),
        (".gz", ".gz"),
        ("", "content"),
        ("dir/", "content"),
        ("initrd.img-6.1", "initrd.img-6.1"),
    ],
)
def test_the_inner_name_is_the_outer_less_its_ending(name: str, inner: str) -> None:
    assert inner_name(name) == inner
