"""The databases component."""
