"""Proves that detection works, by really having a test file found."""
