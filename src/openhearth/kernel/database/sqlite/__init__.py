"""Django's SQLite backend with writers that queue fairly. `ENGINE = "openhearth.kernel.database.sqlite"`."""
