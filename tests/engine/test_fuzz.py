import random

from tests.engine.fuzz import CHANGES, campaign, corpus


def test_a_short_campaign_breaks_no_promise() -> None:
    campaign(seed=1, times=300)


def test_a_seed_damages_the_same_bytes() -> None:
    def damaged(seed: int) -> bytes:
        chance = random.Random(seed)
        content = bytearray(corpus()[0][1])
        for change in CHANGES:
            change(chance, content)
        return bytes(content)

    assert damaged(1) == damaged(1)
    assert damaged(1) != damaged(2)
