from garrison.engine.formats.msi import unpacked_name


def test_other_names_stay_as_they_are() -> None:
    assert unpacked_name("\x05SummaryInformation") == "\x05SummaryInformation"


def test_pairs_and_single_characters_are_told_apart() -> None:
    assert unpacked_name(chr(0x3800 + 63 * 64 + 62) + chr(0x4800)) == "._0"
