"""Publishes databases: compiles them once, signs them, and makes small updates of them."""
