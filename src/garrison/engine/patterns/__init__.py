"""Byte patterns and logical signatures: parsed, compiled into atoms and records, and matched."""
