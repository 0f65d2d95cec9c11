"""The console: the suite's pages for a browser on this computer, grown from manifests. A surface, as cli is."""
