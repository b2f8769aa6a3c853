"""Importing a repository from an address, a bundle or a folder. Nouns: source, scratch repository."""
