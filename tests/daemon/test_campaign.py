from tests.daemon.campaign import campaign


def test_ten_kills_lose_nothing() -> None:
    campaign(seed=3, times=10)
