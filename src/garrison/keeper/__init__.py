"""The smallest process: holds what the kernel asks through, and starts gate and daemon again when they die.

A program (`python -I -m garrison.keeper FOLDER`, root's), spoken to over `garrison.wire.guarding`; nothing imports it.
While it lives, no question of the kernel's is ever left without an answer, and none is answered by default.
"""
