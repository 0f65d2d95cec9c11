"""The console: the suite's pages in a browser on this computer."""
