"""What happened, for people to read: pushes, new repositories. Nouns: activity."""
