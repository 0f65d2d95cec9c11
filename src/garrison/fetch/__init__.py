"""The fetching process: it makes the suite's requests, and reads nothing but HTTP and TUF's metadata.

A program (`python -I -m garrison.fetch`), spoken to over `garrison.wire.fetching`; nothing imports it. It does one job
in the folder that it was started in, under an account of its own where the suite runs as root.
"""
