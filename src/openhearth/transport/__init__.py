"""Git over HTTP and SSH: bare ASGI and asyncssh, no framework."""
