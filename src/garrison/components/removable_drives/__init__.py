"""Removable drives."""
