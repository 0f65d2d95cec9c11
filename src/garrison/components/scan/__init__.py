"""Finds malware in files, when asked and by itself."""
