"""Scans in the background: when the computer is left alone, and stopping when it is not."""
