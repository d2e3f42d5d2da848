"""The twin in use: pages, HTTP interfaces, live monitoring, and a door for agents. It holds no science."""

from vitruvian.serve.app import make_app as make_app
from vitruvian.serve.running import prepared as prepared
from vitruvian.serve.running import serve as serve
from vitruvian.serve.settings import OpenIdProvider as OpenIdProvider
from vitruvian.serve.settings import RoleRule as RoleRule
from vitruvian.serve.settings import Settings as Settings
