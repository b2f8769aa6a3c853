"""The instance itself: its first page and its administration. Nouns: instance, job, mail, setting, host key."""
