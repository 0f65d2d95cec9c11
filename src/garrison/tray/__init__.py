"""Garrison on a desktop: shows notices and questions, and its state in the tray. A program that nobody imports."""
