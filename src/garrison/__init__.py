"""Garrison, the open-source security suite for small offices on Linux."""

__version__ = "0.1.0"
