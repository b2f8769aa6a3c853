"""Pages of the instance."""
