"""Signing in to mail servers by OAuth 2.0 instead of a password.

providers.py  what each provider wants: addresses, scopes, odd parameters
server.py     one question to a token server, and what its refusals mean
consent.py    a person allows it in the browser: `begin`, then `finish`; also *Reconnect*
tokens.py     `access_token(account)`: fresh, asked for by one process at a time, stored before use
"""
