"""Decisions about addresses, names and texts that need neither database nor git."""
