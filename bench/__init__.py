"""Benchmarks, each beside its peer."""
