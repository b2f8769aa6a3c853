"""SSH keys by which machines act as an account. Nouns: key, fingerprint."""
