"""The process that serves an office with what this computer took: its mirror, over HTTP, for reading only.

It is a program: nothing imports it. It has no rights, and no files but those that everybody may have.
"""
