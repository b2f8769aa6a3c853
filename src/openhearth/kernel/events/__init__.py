"""Events: see the module docstrings."""
