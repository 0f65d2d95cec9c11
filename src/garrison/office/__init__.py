"""The servers of an office: programs of their own, which nothing imports."""
