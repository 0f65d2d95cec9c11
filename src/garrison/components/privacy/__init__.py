"""What the suite sends out: the ledger of its requests, and who agreed to them."""
