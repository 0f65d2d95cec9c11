"""Tells people what happens: on the desktop, by e-mail, by webhook and by ntfy."""
