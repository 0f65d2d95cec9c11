"""What a person can switch, see on a page, or ask to do something: one folder a component."""
