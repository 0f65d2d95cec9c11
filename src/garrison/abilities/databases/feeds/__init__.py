"""Where signatures come from: one small file for each kind of feed."""
