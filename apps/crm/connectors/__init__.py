"""How to talk to a CRM, without Django: the small contract, and asking so that nothing doubles."""
