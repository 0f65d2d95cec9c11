"""What the headers of a program say: entry point, sections, imports, resources."""
