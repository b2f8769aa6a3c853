"""Reading what the instance is and does."""
