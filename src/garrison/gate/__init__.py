"""The small process that answers the kernel whether a file may be opened or run, and never waits for the daemon.

A program (`python -I -m garrison.gate`), started by the keeper and spoken to over `garrison.wire.guarding`; nothing
imports it. One thread for each of its fanotify groups reads events and answers what it can by itself; the main thread
has what is left examined by workers, and speaks with the daemon and the keeper.
"""
