"""Texts that people wrote, made safe to show: Markdown, code, marks for hidden characters, guesses."""
