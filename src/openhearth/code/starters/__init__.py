"""What a repository begins with: README, licence, list of ignored files. Nouns: starter, licence, ignore list."""
