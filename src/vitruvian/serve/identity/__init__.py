"""Who is who: accounts, signing in, sessions, tokens."""

from vitruvian.serve.identity.accounts import Account as Account
from vitruvian.serve.identity.accounts import account_of as account_of
from vitruvian.serve.identity.accounts import add_account as add_account
from vitruvian.serve.identity.accounts import as_caller as as_caller
from vitruvian.serve.identity.links import sign_in_link as sign_in_link
from vitruvian.serve.identity.resolve import caller_of as caller_of
from vitruvian.serve.identity.resolve import caller_of_token as caller_of_token
from vitruvian.serve.identity.resolve import form_token as form_token
from vitruvian.serve.identity.routes import router as router
from vitruvian.serve.identity.tokens import new_token as new_token
