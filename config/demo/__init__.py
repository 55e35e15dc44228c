"""`up --demo`: an invented shop with mail of its own, all of it on this machine.

post.py keeps mail as files; smtp_server.py and imap_server.py let it in and out, on loopback only;
customers.py plays the customers of opening.yaml and trickle.yaml; views.py is the page where a
person may be one of them. Carteria itself knows nothing of it: it has an account like any other.
"""
