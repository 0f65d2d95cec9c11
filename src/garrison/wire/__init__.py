"""Messages and framing on sockets, and the Manifest."""
