"""What the DNS says about mail of a domain, judged from answers alone: no network, no Django.

    answers.py    a question's answer, and what a judge says of it
    providers.py  what the mail providers want to stand in the DNS
    spf.py, dkim.py, dmarc.py, mx.py   one judge each, the first with its sentences in spf_words.py
    verdicts.py   all of them, in the order of the page

A judge asks through a function. The look-up hands in one that goes out and keeps every answer
(dns_lookup.py); a page hands in one that reads the answers which were kept. Both hear the same.
"""
