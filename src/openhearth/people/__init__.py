"""Accounts, keys and access tokens."""
