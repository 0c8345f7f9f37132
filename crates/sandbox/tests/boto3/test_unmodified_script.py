"""A script as anybody would write it for AWS: no endpoint, no sandbox, only boto3."""

import json
import os
import unittest
import urllib.request

import boto3
from botocore.exceptions import ClientError


def wait_until(describe, status):
    """Polls as a script would; the sandbox's clock stands still, so it is moved along."""
    for _ in range(50):
        try:
            now = describe()["Status"]
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ResourceNotFound"
            now = None
        if now == status:
            return
        data = json.dumps({"seconds": 1}).encode()
        urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_sandbox/advance", data).read()
    raise AssertionError(f"never {status}")


class UnmodifiedScript(unittest.TestCase):
    def test_the_whole_way(self):
        sagemaker = boto3.client("sagemaker")
        iam = boto3.client("iam")
        role = iam.create_role(
            RoleName="script-role",
            AssumeRolePolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "sagemaker.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                }
            ),
        )["Role"]["Arn"]

        domain = sagemaker.create_domain(
            DomainName="script",
            AuthMode="IAM",
            DefaultUserSettings={"ExecutionRole": role},
            SubnetIds=["subnet-0123456789abcdef0"],
            VpcId="vpc-0123456789abcdef0",
        )["DomainId"]
        wait_until(lambda: sagemaker.describe_domain(DomainId=domain), "InService")

        names = ["User1-Team1", "User1-Team2", "User2-Team2"]
        for name in names:
            sagemaker.create_user_profile(DomainId=domain, UserProfileName=name)
        for name in names:
            wait_until(
                lambda: sagemaker.describe_user_profile(DomainId=domain, UserProfileName=name),
                "InService",
            )

        pages = sagemaker.get_paginator("list_user_profiles").paginate(
            DomainIdEquals=domain, PaginationConfig={"PageSize": 2}
        )
        listed = [[p["UserProfileName"] for p in page["UserProfiles"]] for page in pages]
        self.assertEqual(listed, [names[:2], names[2:]])

        url = sagemaker.create_presigned_domain_url(
            DomainId=domain, UserProfileName="User1-Team1", ExpiresInSeconds=5
        )["AuthorizedUrl"]
        with urllib.request.urlopen(url) as page:
            self.assertIn('data-profile="User1-Team1"', page.read().decode())

        sagemaker.create_app(
            DomainId=domain,
            UserProfileName="User1-Team1",
            AppType="JupyterServer",
            AppName="default",
        )
        with self.assertRaises(ClientError) as refused:
            sagemaker.delete_user_profile(DomainId=domain, UserProfileName="User1-Team1")
        answer = refused.exception.response
        self.assertEqual(answer["Error"]["Code"], "ResourceInUse")
        self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 400)
        self.assertEqual(
            answer["Error"]["Message"],
            f"Unable to delete UserProfile [arn:aws:sagemaker:eu-west-1:111122223333:user-profile/"
            f"{domain}/user1-team1] because App(s) are associated with it.",
        )
