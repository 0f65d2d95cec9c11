"""The suite's own operations, a file a subject."""
