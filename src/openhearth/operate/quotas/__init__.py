"""Limits on what repositories and owners may hold. Lower layers count; what is too much is said here."""
