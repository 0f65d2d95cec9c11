"""Garrison on a desktop: its menu entry, and scanning from the file manager."""
