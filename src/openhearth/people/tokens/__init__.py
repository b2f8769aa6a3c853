"""Access tokens: passwords for one program, with less power than the account's. Nouns: token, scope, hint."""
