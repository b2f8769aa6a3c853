"""Backup while everything runs, and restore into an empty data directory. Nouns: archive, manifest."""
