"""No account delays others beyond its turn, nor takes all places."""

from garrison.gate.turns import Share, Turns

ALICE, BOB, CAROL = 1, 2, 3


def test_accounts_take_turns_each_in_its_own_order() -> None:
    turns: Turns[str] = Turns()
    for number in range(1000):
        turns.put(ALICE, f"a{number}")
    for name in ("b0", "b1"):
        turns.put(BOB, name)
    turns.put(CAROL, "c0")
    assert [turns.take(2) for _ in range(5)] == [["a0", "a1"], ["b0", "b1"], ["c0"], ["a2", "a3"], ["a4", "a5"]]
    assert len(turns) == 1003 - 9


def test_who_comes_back_waits_for_one_turn_of_each_other() -> None:
    turns: Turns[int] = Turns()
    for account in (ALICE, BOB):
        for number in range(10):
            turns.put(account, account * 100 + number)
    assert turns.take(1) == [100]
    turns.put(CAROL, 300)
    assert [turns.take(1) for _ in range(3)] == [[200], [101], [300]]
    assert [turns.take(8) for _ in range(3)][-1] == [209]
    while turns:
        turns.take(8)
    assert turns.take(8) == []


def test_an_account_with_many_leaves_places_for_those_with_few() -> None:
    share = Share(64)
    assert sum(share.take(ALICE) for _ in range(100)) == 48
    assert sum(share.take(BOB) for _ in range(100)) == 4
    assert share.take(CAROL)
    for _ in range(48):
        share.give_back(ALICE)
    assert share.take(ALICE)
    assert share.take(BOB)


def test_there_are_never_more_than_there_may_be() -> None:
    share = Share(64)
    assert sum(share.take(account) for account in range(1000)) == 64
    share.give_back(7)
    assert share.take(7)
    assert not share.take(8)
