"""The Lambda function that teams write today, as the published walk-throughs describe it.

It reacts to the CloudTrail event AddMemberToGroup: reads the group and the person back from the
directory, looks up the group's execution role by display name, and creates the person's Studio
profile with that role. An event that comes twice finds the profile there, which is success. The
domain here is in IAM mode, so the profile carries no single sign-on fields.

It does one thing well and leaves the rest undone: nobody is ever removed, a changed role stays as
it was, and the profile is not waited for.

As a program it handles the events of a file, one JSON document or one a line.
"""

import json
import logging
import os
import re
import sys

import boto3

DOMAIN_ID = os.environ["STUDIO_DOMAIN_ID"]

# Which execution role the members of a group work with, by the group's display name.
ROLE_OF_GROUP = {
    "ml-fraud": "arn:aws:iam::111122223333:role/studio-fraud",
}

# Made once for each instance of the function; its later events find them warm.
identity_store = boto3.client("identitystore")
sagemaker = boto3.client("sagemaker")

log = logging.getLogger("handler")
log.setLevel(logging.INFO)


def handler(event, _context):
    request = event["detail"]["requestParameters"]
    store_id = request["identityStoreId"]
    group = identity_store.describe_group(IdentityStoreId=store_id, GroupId=request["groupId"])
    person = identity_store.describe_user(
        IdentityStoreId=store_id, UserId=request["member"]["memberId"]
    )
    role = ROLE_OF_GROUP.get(group["DisplayName"])
    if role is None:
        return answer(f"group {group['DisplayName']} has no role in Studio; nothing done")
    name = profile_name(person["UserName"])
    try:
        sagemaker.create_user_profile(
            DomainId=DOMAIN_ID, UserProfileName=name, UserSettings={"ExecutionRole": role}
        )
    except sagemaker.exceptions.ClientError as error:
        if not already_there(error.response["Error"]):
            raise
        return answer(f"profile {name} was there already")
    return answer(f"profile {name} created with {role}")


def profile_name(user_name):
    """SageMaker takes letters, digits and inner hyphens; user names are often e-mail addresses."""
    return re.sub("[^0-9A-Za-z]+", "-", user_name).strip("-")[:63]


def already_there(error):
    """A second profile of the same name is refused as ResourceInUse, as much else is."""
    return error["Code"] == "ResourceInUse" and "already exists" in error["Message"]


def answer(message):
    log.info(message)
    return {"statusCode": 200, "body": json.dumps({"message": message})}


def events(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        return [json.loads(text)]
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]


if __name__ == "__main__":
    logging.basicConfig()
    for one in events(sys.argv[1]):
        handler(one, None)
