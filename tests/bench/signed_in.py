"""A browser's HTTP that has signed in by the form."""

import re

import requests


def signed_in(url: str, user: str, password: str) -> requests.Session:
    http, address = requests.Session(), f"{url}/accounts/login/"
    form = http.get(address, timeout=10).text
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert found, "no form to sign in"
    fields = {"login": user, "password": password, "csrfmiddlewaretoken": found[1]}
    http.post(address, data=fields, headers={"Referer": address}, timeout=10)
    return http
