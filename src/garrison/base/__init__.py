"""Text, errors, paths and time. Imports nothing of ours."""
