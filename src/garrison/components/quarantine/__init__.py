"""Shows what was taken out of the way, and the way back."""
