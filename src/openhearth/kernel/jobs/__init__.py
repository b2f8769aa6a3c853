"""Jobs: see the module docstrings."""
