"""Reports over the journal: pages, counts, charts, exports, and the weekly letter."""
