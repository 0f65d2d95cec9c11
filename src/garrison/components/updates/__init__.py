"""Keeps the databases up to date."""
