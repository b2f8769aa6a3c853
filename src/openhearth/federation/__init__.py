"""Bringing code in from elsewhere, keeping copies in step."""
