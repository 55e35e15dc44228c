"""Reports on our mails: what did not arrive, for whom, why; what arrived, was read, was resented.

`reading.py` tells the story. The tables that grow with every odd mail server are in `phrases.py`
(how servers speak) and `codes.py` (what their codes and words mean).
"""
