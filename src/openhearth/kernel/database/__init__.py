"""The databases: the SQLite engine, the router, and what tests need to watch writes."""
