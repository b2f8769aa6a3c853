"""Repositories, their refs and pushes, and reading code."""
