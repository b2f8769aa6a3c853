"""Reading repositories for pages. Nothing here writes to the main database."""
