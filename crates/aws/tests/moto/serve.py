"""Serves moto on a free port of the loopback interface, with a directory in it.

What is in the directory is put there through boto3. Prints one line of JSON: where the server is,
and the ids that moto gave. Ends when its standard input does.
"""

import json
import sys

import boto3
from moto.server import ThreadedMotoServer

STORE = "d-906716eb24"


def fill(client, people, groups):
    ids = {"people": {}, "groups": {}, "memberships": {}}
    for number in range(people):
        name = f"p{number}"
        user = client.create_user(
            IdentityStoreId=STORE,
            UserName=name,
            DisplayName=f"Person {number} – Ångström",
            Name={"GivenName": "Person", "FamilyName": str(number)},
        )
        ids["people"][name] = user["UserId"]
    for name, members in groups.items():
        group = client.create_group(IdentityStoreId=STORE, DisplayName=name)
        ids["groups"][name] = group["GroupId"]
        for member in members:
            made = client.create_group_membership(
                IdentityStoreId=STORE,
                GroupId=group["GroupId"],
                MemberId={"UserId": ids["people"][member]},
            )
            ids["memberships"][f"{name}/{member}"] = made["MembershipId"]
    return ids


def main():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "identitystore",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="AKIAMOTO",
        aws_secret_access_key="secret",
    )
    asked = json.loads(sys.argv[1])
    ids = fill(client, asked["people"], asked["groups"])
    print(json.dumps({"url": url, **ids}), flush=True)
    sys.stdin.read()
    server.stop()


main()
