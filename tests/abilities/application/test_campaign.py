"""A few rounds of the campaign against kills."""

from tests.abilities.application.campaign import campaign


def test_a_kill_at_any_moment_leaves_one_version_that_works() -> None:
    campaign(seed=1, times=3)
