"""YARA rules: read far enough to know what they need, compiled into buckets, and matched behind gates."""
