"""The WSGI application: Django with everything loaded that a request may need."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
