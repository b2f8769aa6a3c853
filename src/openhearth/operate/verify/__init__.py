"""Checking every promise of the data: rows against rows, rows against disk, objects against their names."""
