"""Accounts: people (and, later, organisations) in one name space. Nouns: account, name, registration, first link."""
