"""What developers run through ./dev: test, check, component, golden, bench, campaign, lock."""
