from typing import Any

from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse

def perform_password_login(request: HttpRequest, credentials: dict[str, Any], login: Login) -> HttpResponse: ...
