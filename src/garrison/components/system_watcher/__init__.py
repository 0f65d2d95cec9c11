"""The System Watcher component."""
