"""Scored, explainable rules for threats that no signature knows yet."""
