"""The containers the engine opens: one file a format, one small interface (`opener`), one list of them (`openers`)."""
