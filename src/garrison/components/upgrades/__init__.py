"""Changes to new versions of Garrison itself."""
