"""Browser sessions: where an account is signed in. Nouns: session, device. The row knows only a hash of the cookie."""
