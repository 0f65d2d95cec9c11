"""A few rounds of the campaign against kills."""

from tests.abilities.application.campaign import campaign


def test_a_kill_at_any_moment_leaves_one_version_that_works() -> None:
    campaign(seed=41, times=2)  # a suite in the background runs in both; the watcher is killed, then everything
