"""Reads what tells a computer how to start."""
