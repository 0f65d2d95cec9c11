"""A small machine that lets a packed program unpack itself: nothing of it runs on the real processor."""
