"""Refs and pushes: the database is the commit point. Nouns: ref, push, push log, pack."""
