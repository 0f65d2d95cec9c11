from garrison.engine.heuristics import table
from garrison.engine.preload import preload


def test_it_can_be_done_again_and_keeps_what_was_made() -> None:
    preload()
    made = table.WORDS.prepared()
    preload()
    assert table.WORDS.prepared() is made
