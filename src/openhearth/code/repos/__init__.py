"""Repositories: what they are called, who owns them, who may do what. Nouns: repository, collaborator, old name."""
