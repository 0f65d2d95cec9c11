"""The one list of what is left out of scans."""
