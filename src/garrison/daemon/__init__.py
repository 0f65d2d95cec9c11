"""The privileged process: supervisor, door, settings book, journal, schedule."""
