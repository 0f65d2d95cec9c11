"""Detection as a pure library: identify, unpack, match, judge.

It answers one question: what is this object? It gets open descriptors, buffers and memory maps; it opens no path,
reads no clock and knows no process.
"""
