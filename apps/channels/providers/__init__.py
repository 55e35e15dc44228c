"""Mail providers by their own interface: webhooks in, and out by Anymail.

`keys` makes what a webhook is known by, `post` reads what was posted, `proof` and `sns` judge
whom it is from, one file for each provider says what it means, `inbound` is the story.

Of Anymail, the checks of secrets and signatures are used and its backends; not its reading of
mails: that goes through text and an unbounded parser, and the bytes would not be the original.
"""
