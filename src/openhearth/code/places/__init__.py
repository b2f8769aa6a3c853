"""Where people and their repositories are found: profiles and the search page. Nouns: profile, main language."""
