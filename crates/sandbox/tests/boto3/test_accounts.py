"""STS, IAM and Service Quotas, driven with boto3; and who may call at all."""

import json
import unittest
import urllib.error
import urllib.request

import strict
from strict import advance, refusal

SPOKE = "arn:aws:iam::444455556666:role/Spoke"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "111122223333"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class Accounts(unittest.TestCase):
    def setUp(self):
        strict.admin("reset", "{}")
        strict.faults("")
        self.sts = strict.client("sts")
        self.iam = strict.client("iam")


class Callers(Accounts):
    def test_any_key_is_of_the_default_account(self):
        seen = strict.client("sts", key="AKIAWHATEVER00000000").get_caller_identity()
        self.assertEqual(seen["Account"], "111122223333")
        self.assertEqual(seen["Arn"], "arn:aws:iam::111122223333:user/sandbox")
        seen = strict.client("sts", key="AKIAMEMBEREXAMPLE000").get_caller_identity()
        self.assertEqual(seen["Account"], "444455556666")

    def test_a_role_of_another_account_needs_its_external_id(self):
        assume = dict(RoleArn=SPOKE, RoleSessionName="stagedoor")
        refused = (
            403,
            "AccessDenied",
            "User: arn:aws:iam::111122223333:user/sandbox is not authorized to perform: "
            f"sts:AssumeRole on resource: {SPOKE}",
        )
        self.assertEqual(refusal(self.sts.assume_role, **assume), refused)
        self.assertEqual(
            refusal(self.sts.assume_role, **assume, ExternalId="wrong"), refused
        )
        missing = dict(assume, RoleArn=SPOKE.replace("Spoke", "Missing"))
        self.assertEqual(refusal(self.sts.assume_role, **missing)[:2], (403, "AccessDenied"))
        answer = self.sts.assume_role(**assume, ExternalId="7f1c", DurationSeconds=900)
        self.assertEqual(
            answer["AssumedRoleUser"]["Arn"],
            "arn:aws:sts::444455556666:assumed-role/Spoke/stagedoor",
        )
        given = answer["Credentials"]
        key, token = given["AccessKeyId"], given["SessionToken"]
        seen = strict.client("sts", key, token).get_caller_identity()
        self.assertEqual(seen["Account"], "444455556666")
        self.assertEqual(seen["Arn"], answer["AssumedRoleUser"]["Arn"])
        domains = strict.client("sagemaker", key, token).list_domains()["Domains"]
        self.assertEqual([domain["DomainId"] for domain in domains], ["d-old", "d-member"])

        self.assertEqual(
            refusal(strict.client("sagemaker", key, "other").list_domains),
            (
                403,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ),
        )
        advance(900)
        self.assertEqual(
            refusal(strict.client("sagemaker", key, token).list_domains),
            (
                403,
                "ExpiredTokenException",
                "The security token included in the request is expired",
            ),
        )
        self.assertEqual(
            refusal(strict.client("sts", key, token).get_caller_identity)[:2],
            (403, "ExpiredToken"),
        )

    def test_a_source_identity_needs_the_roles_trust_and_stays_with_the_session(self):
        named = dict(
            RoleArn=SPOKE.replace("Spoke", "Named"), RoleSessionName="stagedoor", ExternalId="7f1c"
        )
        unnamed = dict(named, RoleArn=SPOKE, SourceIdentity="stagedoor-1")
        self.assertEqual(refusal(self.sts.assume_role, **unnamed)[:2], (403, "AccessDenied"))
        answer = self.sts.assume_role(**named)
        self.assertNotIn("SourceIdentity", answer)
        answer = self.sts.assume_role(**named, SourceIdentity="stagedoor-1")
        self.assertEqual(answer["SourceIdentity"], "stagedoor-1")
        given = answer["Credentials"]
        there = strict.client("sts", given["AccessKeyId"], given["SessionToken"])
        far = dict(RoleArn="arn:aws:iam::777788889999:role/Far", RoleSessionName="on")
        self.assertEqual(there.assume_role(**far)["SourceIdentity"], "stagedoor-1")
        self.assertEqual(
            refusal(there.assume_role, **far, SourceIdentity="other")[:2], (403, "AccessDenied")
        )

    def test_sessions_are_no_longer_than_the_role_allows(self):
        assume = dict(RoleArn=SPOKE, RoleSessionName="stagedoor", ExternalId="7f1c")
        self.assertEqual(
            refusal(self.sts.assume_role, **assume, DurationSeconds=3601)[:2],
            (400, "ValidationError"),
        )
        self.assertEqual(
            refusal(self.sts.assume_role, **assume, DurationSeconds=899)[1], "ValidationError"
        )

    def test_the_seed_can_deny_actions(self):
        denied = strict.client("sagemaker", key="AKIADENIEDEXAMPLE000")
        self.assertEqual(len(denied.list_domains()["Domains"]), 2)
        status, code, message = refusal(
            denied.create_user_profile, DomainId="d-research", UserProfileName="a"
        )
        self.assertEqual((status, code), (400, "AccessDeniedException"))
        self.assertIn("is not authorized to perform: sagemaker:CreateUserProfile", message)
        iam = strict.client("iam", key="AKIADENIEDEXAMPLE000")
        self.assertEqual(refusal(iam.list_roles)[:2], (403, "AccessDenied"))

    def post(self, headers, body=b"{}"):
        request = urllib.request.Request(strict.ENDPOINT + "/", data=body, headers=headers)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        answer = refused.exception
        return answer.code, answer.read().decode()

    def test_unsigned_and_unknown_calls_are_refused(self):
        target = {"X-Amz-Target": "SageMaker.ListDomains"}
        status, text = self.post(target)
        self.assertEqual((status, json.loads(text)["__type"]), (403, "MissingAuthenticationTokenException"))
        status, text = self.post(dict(target, Authorization="AWS4-HMAC-SHA256 Credential=x"))
        self.assertEqual((status, json.loads(text)["__type"]), (403, "IncompleteSignatureException"))
        signature = "0" * 64
        foreign = (
            "AWS4-HMAC-SHA256 Credential=AKIAX/20261121/eu-west-1/ecs/aws4_request, "
            f"SignedHeaders=host, Signature={signature}"
        )
        status, text = self.post(dict(target, Authorization=foreign))
        self.assertEqual((status, json.loads(text)["__type"]), (403, "InvalidSignatureException"))
        status, text = self.post({"X-Amz-Target": "SageMaker.CreateCluster"})
        self.assertEqual(status, 400)
        self.assertEqual(json.loads(text)["__type"], "UnknownOperationException")
        self.assertIn("SageMaker.CreateCluster", text)
        self.assertEqual(
            refusal(self.iam.list_users),
            (400, "InvalidAction", "The operation ListUsers is not known to the sandbox."),
        )

    def test_the_body_is_bounded(self):
        status, _ = self.post({"X-Amz-Target": "SageMaker.ListDomains"}, b" " * (2 * 1024 * 1024 + 1))
        self.assertEqual(status, 413)


class Roles(Accounts):
    def test_a_role_comes_and_goes(self):
        made = self.iam.create_role(
            RoleName="Team-9",
            AssumeRolePolicyDocument=json.dumps(TRUST),
            Description="Nine & more",
            MaxSessionDuration=7200,
            Tags=[{"Key": "Team", "Value": "9"}],
        )["Role"]
        self.assertEqual(made["Arn"], "arn:aws:iam::111122223333:role/Team-9")
        seen = self.iam.get_role(RoleName="team-9")["Role"]
        self.assertEqual(seen["AssumeRolePolicyDocument"], TRUST)
        self.assertEqual((seen["Description"], seen["MaxSessionDuration"]), ("Nine & more", 7200))
        self.assertEqual(seen["Tags"], [{"Key": "Team", "Value": "9"}])
        self.assertEqual(
            refusal(
                self.iam.create_role,
                RoleName="team-9",
                AssumeRolePolicyDocument=json.dumps(TRUST),
            )[:2],
            (409, "EntityAlreadyExists"),
        )
        self.sts.assume_role(RoleArn=made["Arn"], RoleSessionName="me", DurationSeconds=7200)
        self.iam.delete_role(RoleName="Team-9")
        self.assertEqual(
            refusal(self.iam.get_role, RoleName="Team-9"),
            (404, "NoSuchEntity", "The role with name Team-9 cannot be found."),
        )
        self.assertEqual(
            refusal(self.iam.create_role, RoleName="x", AssumeRolePolicyDocument="{")[:2],
            (400, "MalformedPolicyDocument"),
        )

    def test_roles_are_listed_in_pages(self):
        pages = self.iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2})
        listed = [[role["RoleName"] for role in page["Roles"]] for page in pages]
        self.assertEqual(listed, [["studio-default", "studio-team-1"], ["Hub"]])


GUARD = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "NoIam+ümlaut", "Effect": "Deny", "Action": "iam:*", "Resource": "*"}],
}


def padded(size):
    """A policy document of about this many characters, white space not counted."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "x" * size}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=4)


class Policies(Accounts):
    def setUp(self):
        super().setUp()
        trust = json.dumps(TRUST)
        self.iam.create_role(RoleName="Kept", AssumeRolePolicyDocument=trust)

    def make(self, name, document=GUARD, **more):
        text = json.dumps(document)
        return self.iam.create_policy(PolicyName=name, PolicyDocument=text, **more)["Policy"]

    def test_a_managed_policy_has_versions_of_which_one_is_in_force(self):
        made = self.make("Guard", Path="/team/", Description="no IAM", Tags=[{"Key": "a", "Value": "b"}])
        arn = "arn:aws:iam::111122223333:policy/team/Guard"
        self.assertEqual((made["Arn"], made["DefaultVersionId"]), (arn, "v1"))
        version = self.iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
        self.assertEqual(version["Document"], GUARD)
        self.assertEqual(refusal(self.make, name="guard")[:2], (409, "EntityAlreadyExists"))
        other = json.dumps(dict(GUARD, Id="other"))
        second = self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=other)
        self.assertEqual(second["PolicyVersion"]["IsDefaultVersion"], False)
        self.assertEqual(self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"], "v1")
        third = self.iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=other, SetAsDefault=True
        )["PolicyVersion"]
        self.assertEqual((third["VersionId"], third["IsDefaultVersion"]), ("v3", True))
        seen = self.iam.get_policy(PolicyArn=arn)["Policy"]
        self.assertEqual((seen["DefaultVersionId"], seen["Description"]), ("v3", "no IAM"))
        for _ in range(2):
            self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=other)
        self.assertEqual(
            refusal(self.iam.create_policy_version, PolicyArn=arn, PolicyDocument=other)[:2],
            (409, "LimitExceeded"),
        )
        self.assertEqual(
            refusal(self.iam.get_policy_version, PolicyArn=arn, VersionId="v9"),
            (404, "NoSuchEntity", f"Policy {arn} version v9 does not exist or is not attachable."),
        )
        self.assertEqual(refusal(self.iam.delete_policy, PolicyArn=arn)[:2], (409, "DeleteConflict"))

    def test_policies_are_attached_in_order_and_listed_in_pages(self):
        arns = [self.make(f"P{number}")["Arn"] for number in range(4)]
        full = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
        for arn in [*arns, full, arns[0]]:
            self.iam.attach_role_policy(RoleName="kept", PolicyArn=arn)
        pages = list(
            self.iam.get_paginator("list_attached_role_policies").paginate(
                RoleName="Kept", PaginationConfig={"PageSize": 2}
            )
        )
        self.assertEqual([len(page["AttachedPolicies"]) for page in pages], [2, 2, 1])
        listed = [policy for page in pages for policy in page["AttachedPolicies"]]
        self.assertEqual([policy["PolicyArn"] for policy in listed], [*arns, full])
        self.assertEqual(listed[-1]["PolicyName"], "AmazonSageMakerFullAccess")
        self.assertEqual(self.iam.get_policy(PolicyArn=arns[0])["Policy"]["AttachmentCount"], 1)
        self.assertEqual(
            refusal(self.iam.delete_policy, PolicyArn=arns[0]),
            (409, "DeleteConflict", "Cannot delete a policy attached to entities."),
        )
        self.assertEqual(
            refusal(self.iam.delete_role, RoleName="Kept"),
            (409, "DeleteConflict", "Cannot delete entity, must detach all policies first."),
        )
        self.iam.detach_role_policy(RoleName="Kept", PolicyArn=arns[0])
        self.assertEqual(
            refusal(self.iam.detach_role_policy, RoleName="Kept", PolicyArn=arns[0])[:2],
            (404, "NoSuchEntity"),
        )
        self.iam.delete_policy(PolicyArn=arns[0])
        self.assertEqual(refusal(self.iam.get_policy, PolicyArn=arns[0])[:2], (404, "NoSuchEntity"))
        self.assertEqual(
            refusal(self.iam.attach_role_policy, RoleName="Kept", PolicyArn=arns[0]),
            (404, "NoSuchEntity", f"Policy {arns[0]} does not exist or is not attachable."),
        )
        self.assertEqual(
            refusal(self.iam.list_attached_role_policies, RoleName="Kept", Marker="x")[1],
            "ValidationError",
        )

    def test_a_role_has_ten_managed_policies_at_most(self):
        for number in range(10):
            arn = self.make(f"P{number}")["Arn"]
            self.iam.attach_role_policy(RoleName="Kept", PolicyArn=arn)
        last = self.make("P10")["Arn"]
        self.assertEqual(
            refusal(self.iam.attach_role_policy, RoleName="Kept", PolicyArn=last),
            (409, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"),
        )

    def test_inline_policies_come_and_go(self):
        own = dict(RoleName="Kept", PolicyName="Own")
        self.iam.put_role_policy(**own, PolicyDocument=json.dumps(GUARD))
        self.assertEqual(self.iam.get_role_policy(**own)["PolicyDocument"], GUARD)
        self.iam.put_role_policy(**own, PolicyDocument=json.dumps(TRUST))
        self.assertEqual(self.iam.get_role_policy(**own)["PolicyDocument"], TRUST)
        self.iam.put_role_policy(RoleName="Kept", PolicyName="A", PolicyDocument=json.dumps(GUARD))
        pages = self.iam.get_paginator("list_role_policies").paginate(
            RoleName="Kept", PaginationConfig={"PageSize": 1}
        )
        self.assertEqual([page["PolicyNames"] for page in pages], [["A"], ["Own"]])
        self.assertEqual(
            refusal(self.iam.delete_role, RoleName="Kept"),
            (409, "DeleteConflict", "Cannot delete entity, must delete policies first."),
        )
        self.iam.delete_role_policy(**own)
        self.assertEqual(
            refusal(self.iam.get_role_policy, **own),
            (404, "NoSuchEntity", "The role policy with name Own cannot be found."),
        )
        self.iam.delete_role_policy(RoleName="Kept", PolicyName="A")
        self.iam.delete_role(RoleName="Kept")

    def test_sizes_are_counted_without_white_space(self):
        self.assertEqual(
            refusal(self.iam.create_policy, PolicyName="Big", PolicyDocument=padded(6144)),
            (409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"),
        )
        self.iam.create_policy(PolicyName="Big", PolicyDocument=padded(6000))
        self.assertEqual(
            refusal(
                self.iam.put_role_policy,
                RoleName="Kept",
                PolicyName="Big",
                PolicyDocument=padded(10240),
            ),
            (409, "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role Kept"),
        )
        self.assertEqual(
            refusal(self.iam.create_policy, PolicyName="x", PolicyDocument="[]")[:2],
            (400, "MalformedPolicyDocument"),
        )

    def test_a_boundary_is_put_on_a_role_and_taken_off(self):
        arn = self.make("Guard")["Arn"]
        self.iam.put_role_permissions_boundary(RoleName="Kept", PermissionsBoundary=arn)
        seen = self.iam.get_role(RoleName="Kept")["Role"]
        self.assertEqual(seen["PermissionsBoundary"]["PermissionsBoundaryArn"], arn)
        self.assertEqual(refusal(self.iam.delete_policy, PolicyArn=arn)[1], "DeleteConflict")
        self.iam.delete_role_permissions_boundary(RoleName="Kept")
        self.assertNotIn("PermissionsBoundary", self.iam.get_role(RoleName="Kept")["Role"])
        self.assertEqual(
            refusal(self.iam.delete_role_permissions_boundary, RoleName="Kept")[1], "NoSuchEntity"
        )
        missing = arn + "2"
        self.assertEqual(
            refusal(
                self.iam.put_role_permissions_boundary,
                RoleName="Kept",
                PermissionsBoundary=missing,
            )[1],
            "NoSuchEntity",
        )

    def test_the_policies_of_aws_are_there_and_cannot_be_changed(self):
        arn = "arn:aws:iam::aws:policy/AdministratorAccess"
        version = self.iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
        self.assertEqual(
            version["Document"]["Statement"],
            [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
        )
        self.assertEqual(refusal(self.iam.delete_policy, PolicyArn=arn)[1], "AccessDenied")

    def test_the_seed_gives_roles_everything_that_iam_does(self):
        there = strict.client("iam", key="AKIAMEMBEREXAMPLE000")
        role = there.get_role(RoleName="studio-kept")["Role"]
        guard = "arn:aws:iam::444455556666:policy/Guarded"
        self.assertEqual(role["Arn"], "arn:aws:iam::444455556666:role/team/studio-kept")
        self.assertEqual(role["MaxSessionDuration"], 7200)
        self.assertEqual(role["PermissionsBoundary"]["PermissionsBoundaryArn"], guard)
        self.assertEqual(role["Tags"], [{"Key": "Team", "Value": "fraud"}])
        attached = there.list_attached_role_policies(RoleName="studio-kept")["AttachedPolicies"]
        self.assertEqual(
            [policy["PolicyArn"] for policy in attached],
            [guard, "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"],
        )
        self.assertEqual(
            there.list_role_policies(RoleName="studio-kept")["PolicyNames"], ["Own"]
        )
        # Another account's policies are not seen.
        self.assertEqual(refusal(self.iam.get_policy, PolicyArn=guard)[1], "NoSuchEntity")


class Quotas(Accounts):
    def test_the_quotas_of_studio(self):
        api = strict.client("service-quotas")
        quota = api.get_service_quota(ServiceCode="sagemaker", QuotaCode="L-AC46C40F")["Quota"]
        self.assertEqual(quota["Value"], 40.0)
        self.assertEqual(
            quota["QuotaName"], "Maximum number of Studio user profiles allowed per account"
        )
        listed = api.list_service_quotas(ServiceCode="sagemaker")["Quotas"]
        self.assertEqual(
            [(quota["QuotaCode"], quota["Value"]) for quota in listed],
            [("L-B683BCB0", 4.0), ("L-AC46C40F", 40.0), ("L-8E5333B4", 3.0)],
        )
        self.assertEqual(
            refusal(api.get_service_quota, ServiceCode="sagemaker", QuotaCode="L-00000000")[:2],
            (400, "NoSuchResourceException"),
        )


class Networks(Accounts):
    def setUp(self):
        super().setUp()
        self.ec2 = strict.client("ec2")
        self.here = [{"Name": "vpc-id", "Values": ["vpc-0a1b2c3d"]}]

    def test_subnets_tell_their_zones_and_how_many_addresses_are_free(self):
        found = self.ec2.describe_subnets(Filters=self.here)["Subnets"]
        self.assertEqual(
            [(s["SubnetId"], s["AvailabilityZone"], s["CidrBlock"], s["AvailableIpAddressCount"])
             for s in found],
            [("subnet-0a", "eu-west-1a", "10.0.1.0/24", 200),
             ("subnet-0b", "eu-west-1b", "10.0.2.0/24", 251)],
        )
        one = [{"Name": "subnet-id", "Values": ["subnet-0b", "subnet-0c"]}]
        found = self.ec2.describe_subnets(Filters=one)["Subnets"]
        self.assertEqual([s["SubnetId"] for s in found], ["subnet-0b"])

    def test_security_groups_tell_what_they_let_in(self):
        found = self.ec2.describe_security_groups(Filters=self.here)["SecurityGroups"]
        rules = {g["GroupId"]: g["IpPermissions"] for g in found}
        self.assertEqual(rules["sg-apps"], [])
        first, second, all_of_it = rules["sg-endpoints"]
        self.assertEqual((first["IpProtocol"], first["FromPort"], first["ToPort"]), ("tcp", 443, 443))
        self.assertEqual([pair["GroupId"] for pair in first["UserIdGroupPairs"]], ["sg-apps"])
        self.assertEqual([r["CidrIp"] for r in second["IpRanges"]], ["10.0.0.0/16"])
        self.assertEqual(all_of_it["IpProtocol"], "-1")
        self.assertNotIn("FromPort", all_of_it)

    def test_endpoints_tell_their_service_state_and_private_dns(self):
        found = self.ec2.describe_vpc_endpoints(Filters=self.here)["VpcEndpoints"]
        self.assertEqual(
            [(e["VpcEndpointId"], e["ServiceName"], e["VpcEndpointType"], e["State"],
              e["PrivateDnsEnabled"]) for e in found],
            [("vpce-0api", "com.amazonaws.eu-west-1.sagemaker.api", "Interface", "available", True),
             ("vpce-0studio", "aws.sagemaker.eu-west-1.studio", "Interface", "pending", False),
             ("vpce-0s3", "com.amazonaws.eu-west-1.s3", "Gateway", "available", False)],
        )
        self.assertEqual([g["GroupId"] for g in found[0]["Groups"]], ["sg-endpoints"])
        self.assertEqual(found[0]["SubnetIds"], ["subnet-0a", "subnet-0b"])

    def test_what_is_wrong_is_said_as_ec2_says_it(self):
        self.assertEqual(
            refusal(self.ec2.describe_subnets, Filters=[{"Name": "colour", "Values": ["x"]}])[:2],
            (400, "InvalidParameterValue"),
        )
        nobody = strict.client("ec2", key="AKIADENIEDEXAMPLE000")
        self.assertEqual(refusal(nobody.describe_subnets)[:2], (403, "UnauthorizedOperation"))


class Keys(Accounts):
    def test_keys_tell_their_state_and_policy(self):
        api = strict.client("kms")
        key = api.describe_key(KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")["KeyMetadata"]
        self.assertEqual((key["KeyState"], key["Enabled"]), ("Enabled", True))
        policy = api.get_key_policy(KeyId=key["Arn"])["Policy"]
        self.assertIn("arn:aws:iam::111122223333:root", policy)
        going = api.describe_key(KeyId="2234abcd-12ab-34cd-56ef-1234567890ab")["KeyMetadata"]
        self.assertEqual((going["KeyState"], going["Enabled"]), ("PendingDeletion", False))
        self.assertEqual(refusal(api.describe_key, KeyId="none")[:2], (400, "NotFoundException"))


class Secrets(Accounts):
    def test_versions_are_read_by_their_staging_label(self):
        api = strict.client("secretsmanager")
        current = api.get_secret_value(SecretId="stagedoor/sp-key")
        self.assertEqual(
            (current["Name"], current["SecretString"], current["VersionStages"]),
            ("stagedoor/sp-key", "the new key", ["AWSCURRENT"]),
        )
        previous = api.get_secret_value(SecretId=current["ARN"], VersionStage="AWSPREVIOUS")
        self.assertEqual(previous["SecretString"], "the old key")
        same = api.get_secret_value(SecretId=current["ARN"], VersionId=previous["VersionId"])
        self.assertEqual(same["SecretString"], "the old key")

    def test_what_is_not_there_is_not_found(self):
        api = strict.client("secretsmanager")
        self.assertEqual(
            refusal(api.get_secret_value, SecretId="other"),
            (
                400,
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            ),
        )
        self.assertEqual(
            refusal(
                api.get_secret_value, SecretId="stagedoor/sp-key", VersionStage="AWSPENDING"
            )[:2],
            (400, "ResourceNotFoundException"),
        )


class Parameters(Accounts):
    def test_secure_values_are_shown_to_whoever_asks_for_decryption(self):
        api = strict.client("ssm")
        shown = api.get_parameter(Name="/stagedoor/sp-key", WithDecryption=True)["Parameter"]
        self.assertEqual(
            (shown["Name"], shown["Type"], shown["Value"], shown["ARN"]),
            (
                "/stagedoor/sp-key",
                "SecureString",
                "a key",
                "arn:aws:ssm:eu-west-1:111122223333:parameter/stagedoor/sp-key",
            ),
        )
        hidden = api.get_parameter(Name=shown["ARN"])["Parameter"]
        self.assertNotEqual(hidden["Value"], "a key")

    def test_what_is_not_there_is_not_found(self):
        api = strict.client("ssm")
        self.assertEqual(
            refusal(api.get_parameter, Name="other")[:2], (400, "ParameterNotFound")
        )


if __name__ == "__main__":
    unittest.main()
