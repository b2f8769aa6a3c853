"""Outgoing mail: every message is a row first, and a job sends it where an SMTP server is configured.

`django.core.mail.send_mail` and its kin end in `backend.StoringBackend`; nothing is sent within a request.
"""
