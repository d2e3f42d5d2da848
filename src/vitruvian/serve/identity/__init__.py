"""Who is who: accounts, signing in, sessions, purposes, tokens."""

from vitruvian.serve.identity.accounts import Account as Account
from vitruvian.serve.identity.accounts import account_named as account_named
from vitruvian.serve.identity.accounts import account_of as account_of
from vitruvian.serve.identity.accounts import add_account as add_account
from vitruvian.serve.identity.accounts import all_accounts as all_accounts
from vitruvian.serve.identity.accounts import as_caller as as_caller
from vitruvian.serve.identity.accounts import change_roles as change_roles
from vitruvian.serve.identity.accounts import set_active as set_active
from vitruvian.serve.identity.closing import close_ways_in as close_ways_in
from vitruvian.serve.identity.closing import forget_ways_in as forget_ways_in
from vitruvian.serve.identity.links import sign_in_link as sign_in_link
from vitruvian.serve.identity.passwords import has_password as has_password
from vitruvian.serve.identity.resolve import caller_at_hand as caller_at_hand
from vitruvian.serve.identity.resolve import caller_of as caller_of
from vitruvian.serve.identity.resolve import caller_of_api_secret as caller_of_api_secret
from vitruvian.serve.identity.resolve import caller_of_token as caller_of_token
from vitruvian.serve.identity.resolve import form_token as form_token
from vitruvian.serve.identity.routes import router as router
from vitruvian.serve.identity.second import has_second as has_second
from vitruvian.serve.identity.tokens import new_token as new_token
