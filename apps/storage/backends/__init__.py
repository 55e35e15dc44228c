"""How to put files elsewhere, without Django: one small contract, and putting so that nothing
doubles."""
