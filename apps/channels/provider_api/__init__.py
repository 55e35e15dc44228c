"""Sending by the interface of a mail provider, with the same honesty as by SMTP.

`sending` is the story; `amazon_ses` and `mailgun` take the very bytes of the mail, the providers
of `by_fields` its fields, through Anymail, which builds their requests and reads their answers.
None of them was reached live: what they do is taken from their documentation and from Anymail.
"""
