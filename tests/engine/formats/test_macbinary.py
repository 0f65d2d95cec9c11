from garrison.engine.formats.macbinary import members
from tests.engine.archives import make_macbinary
from tests.engine.opening import contents, opened, remarks


def test_both_forks_come_out_from_behind_a_second_header() -> None:
    for second in (b"", b"more about it"):
        found = opened(members, make_macbinary(b"data", b"resources", second))
        assert contents(found) == {("inner",): b"data", ("inner (resource fork)",): b"resources"}
        assert remarks(found) == []


def test_a_resource_fork_that_is_cut_comes_as_far_as_it_goes() -> None:
    found = opened(members, make_macbinary(b"data", b"resources")[:260])
    assert contents(found) == {("inner",): b"data", ("inner (resource fork)",): b"reso"}
    assert remarks(found) == ["damaged: ends too early"]


def test_without_a_name_of_its_own_it_has_the_files() -> None:
    whole = bytearray(make_macbinary(b"data", b"resources"))
    whole[1] = 0
    found = opened(members, bytes(whole), "n" * 1000)
    assert [len(member.names[0]) for member in found] == [1000, 1000]


def test_a_header_alone_is_said_to_be_cut() -> None:
    assert remarks(opened(members, make_macbinary(b"data")[:100])) == ["damaged: ends too early"]
