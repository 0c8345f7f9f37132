"""Asks two other verifiers about responses: libxmlsec1 by itself, and python3-saml as a whole.

Reads one JSON object a line: `xml` (base64), `certificate` (base64 of DER), `issuer`, `now` (Unix
seconds), `entity_id`, `acs_url`, `request`. Writes one a line: `xmlsec1` and `python3_saml`, each
null when it accepts and else why not, and what python3-saml reads, `name_id` and `attributes`.
"""

import base64
import json
import sys
import textwrap
from urllib.parse import urlsplit

import xmlsec
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


def pem(certificate):
    body = "\n".join(textwrap.wrap(certificate, 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"


def ask_xmlsec1(xml, certificate):
    """Every signature in the document must verify, and there must be one."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(xml, parser)
    xmlsec.tree.add_ids(root, ["ID"])
    signatures = list(root.iter(SIGNATURE))
    if not signatures:
        raise ValueError("no signature")
    for signature in signatures:
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(pem(certificate), xmlsec.KeyFormat.CERT_PEM, None)
        context.verify(signature)


def ask_python3_saml(question, answer):
    settings = OneLogin_Saml2_Settings({
        "strict": True,
        "sp": {
            "entityId": question["entity_id"],
            "assertionConsumerService": {"url": question["acs_url"]},
        },
        "idp": {
            "entityId": question["issuer"],
            "singleSignOnService": {"url": "https://idp.example/sso"},
            "x509cert": question["certificate"],
        },
    })
    OneLogin_Saml2_Utils.now = staticmethod(lambda: question["now"])
    url = urlsplit(question["acs_url"])
    request = {"https": "on", "http_host": url.netloc, "script_name": url.path}
    response = OneLogin_Saml2_Response(settings, question["xml"])
    response.is_valid(request, question["request"], raise_exceptions=True)
    answer["name_id"] = response.get_nameid()
    answer["attributes"] = response.get_attributes()


def reason(ask, *arguments):
    try:
        ask(*arguments)
    except Exception as error:  # Whatever it is, the verdict is no.
        return f"{type(error).__name__}: {error}"[:200]
    return None


def main():
    for line in sys.stdin:
        question = json.loads(line)
        xml = base64.b64decode(question["xml"])
        answer = {"name_id": None, "attributes": {}}
        answer["xmlsec1"] = reason(ask_xmlsec1, xml, question["certificate"])
        answer["python3_saml"] = reason(ask_python3_saml, question, answer)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
