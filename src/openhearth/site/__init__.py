"""The composition root: settings, addresses, the list of capabilities, supervisor, command line."""
