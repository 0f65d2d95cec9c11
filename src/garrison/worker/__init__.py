"""The sandboxed process: untrusted bytes in, verdict out.

A program (`python -I -m garrison.worker`), spoken to over `garrison.wire.examination`; nothing imports it. It starts as
a fork server, which opens the databases once; each worker is a fork of it that closes its sandbox and then serves.
"""
