"""File protection."""
