"""Reads the world's signature databases and compiles them into one set."""
