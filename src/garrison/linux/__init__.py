"""Everything that touches the system: processes, kernel interfaces, packages."""
