"""Verifies the same responses with python3-saml, as `saml-bench-time` does it.

    python python3_saml.py FOLDER
    > ready
    < assertion 100
    > 17 0.101230

The settings are read once, as an application does; the response anew each time. Strict, with all
checks that it has.
"""

import json
import pathlib
import sys
import time

from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

given = json.loads((pathlib.Path(sys.argv[1]) / "settings.json").read_text())
binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-"
settings = OneLogin_Saml2_Settings({
    "strict": True,
    "sp": {
        "entityId": given["sp"],
        "assertionConsumerService": {"url": given["acs"], "binding": binding + "POST"},
    },
    "idp": {
        "entityId": given["idp"],
        "singleSignOnService": {"url": given["idp"] + "/sso", "binding": binding + "Redirect"},
        "x509cert": given["certificate"],
    },
    "security": {"rejectDeprecatedAlgorithm": True},
})
host, path = given["acs"].removeprefix("https://").split("/", 1)
request = {"https": "on", "http_host": host, "script_name": "/" + path, "get_data": {}, "post_data": {}}


def verify(form):
    response = OneLogin_Saml2_Response(settings, form)
    if not response.is_valid(request, given["request"]):
        sys.exit(f"python3-saml refused a genuine response: {response.get_error()}")


for form in given["responses"].values():
    verify(form)
print("ready", flush=True)
for line in sys.stdin:
    name, milliseconds = line.split()
    form, count, least = given["responses"][name], 0, int(milliseconds) / 1000
    start = time.perf_counter()
    while True:
        verify(form)
        count += 1
        seconds = time.perf_counter() - start
        if seconds >= least:
            break
    print(count, f"{seconds:.9f}", flush=True)
