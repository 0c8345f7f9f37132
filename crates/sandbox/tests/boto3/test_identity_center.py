"""Identity Store and SSO Admin, driven with boto3, and the events that changes cause."""

import json
import unittest

import strict
from strict import advance, error_members, refusal

STORE = "d-906716eb24"
ANA = "04c8e458-a021-702e-f9d1-7f430ff2c752"
FRAUD = "14f83478-a061-708f-8de4-a3a2b99e9d89"
INSTANCE = "arn:aws:sso:::instance/ssoins-000000906716eb24"


class Directory(unittest.TestCase):
    def setUp(self):
        strict.admin("reset", "{}")
        strict.faults("")
        self.api = strict.client("identitystore")
        self.sqs = strict.client("sqs")
        self.queue = self.sqs.get_queue_url(QueueName="stagedoor-events")["QueueUrl"]

    def call(self, operation, **arguments):
        return getattr(self.api, operation)(IdentityStoreId=STORE, **arguments)

    def refused(self, operation, **arguments):
        return refusal(getattr(self.api, operation), IdentityStoreId=STORE, **arguments)

    def user_id(self, name):
        unique = {"AttributePath": "userName", "AttributeValue": name}
        found = self.call("get_user_id", AlternateIdentifier={"UniqueAttribute": unique})
        return found["UserId"]

    def events(self):
        messages = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in messages.get("Messages", [])]

    def event_names(self):
        return [event["detail"]["eventName"] for event in self.events()]


class Users(Directory):
    def test_a_user_comes_changes_and_goes(self):
        made = self.call(
            "create_user",
            UserName="dora",
            DisplayName="Dora Ek",
            Name={"GivenName": "Dora", "FamilyName": "Ek"},
            Emails=[{"Value": "dora@example.com", "Type": "work", "Primary": True}],
        )
        user = made["UserId"]
        self.assertEqual(made["UserArn"], f"arn:aws:identitystore:::user/{user}")
        self.assertEqual(made["Revision"], "1")
        seen = self.call("describe_user", UserId=made["UserArn"])
        self.assertEqual(
            (seen["UserName"], seen["DisplayName"], seen["UserStatus"]),
            ("dora", "Dora Ek", "ENABLED"),
        )
        self.assertEqual(seen["Emails"][0]["Value"], "dora@example.com")

        changes = [
            {"AttributePath": "displayName", "AttributeValue": "Dora E."},
            {"AttributePath": "name.familyName", "AttributeValue": "E."},
            {"AttributePath": "userName", "AttributeValue": "dora2"},
        ]
        self.call("update_user", UserId=user, Operations=changes, Revision="1")
        seen = self.call("describe_user", UserId=user)
        self.assertEqual(
            (seen["UserName"], seen["DisplayName"], seen["Name"]["FamilyName"], seen["Revision"]),
            ("dora2", "Dora E.", "E.", "2"),
        )
        self.assertEqual(self.user_id("DORA2"), user)
        stale = error_members(
            self.api.update_user,
            IdentityStoreId=STORE,
            UserId=user,
            Operations=changes,
            Revision="1",
        )
        self.assertEqual(stale["Error"]["Code"], "ConflictException")
        self.assertEqual(stale["Reason"], "CONCURRENT_MODIFICATION")

        disable = [{"AttributePath": "userStatus", "AttributeValue": "DISABLED"}]
        self.call("update_user", UserId=user, Operations=disable)
        self.assertEqual(self.call("describe_user", UserId=user)["UserStatus"], "DISABLED")
        self.call("delete_user", UserId=user)
        gone = error_members(self.api.describe_user, IdentityStoreId=STORE, UserId=user)
        self.assertEqual(gone["ResponseMetadata"]["HTTPStatusCode"], 400)
        self.assertEqual(gone["Error"]["Code"], "ResourceNotFoundException")
        self.assertEqual((gone["ResourceType"], gone["ResourceId"]), ("USER", user))
        self.assertEqual(
            self.event_names(), ["CreateUser", "UpdateUser", "DisableUser", "DeleteUser"]
        )

    def test_user_names_are_unique_and_some_reserved(self):
        taken = error_members(
            self.api.create_user,
            IdentityStoreId=STORE,
            UserName="ANA",
            DisplayName="x",
            Name={"GivenName": "x", "FamilyName": "x"},
        )
        self.assertEqual(taken["Error"]["Code"], "ConflictException")
        self.assertEqual(taken["Reason"], "UNIQUENESS_CONSTRAINT_VIOLATION")
        self.assertEqual(
            self.refused(
                "create_user",
                UserName="Administrator",
                DisplayName="x",
                Name={"GivenName": "x", "FamilyName": "x"},
            )[:2],
            (400, "ValidationException"),
        )

    def test_lists_and_filters(self):
        users = self.call("list_users")["Users"]
        self.assertEqual([user["UserName"] for user in users], ["ana", "ben", "cleo"])
        self.assertEqual(users[2]["UserStatus"], "DISABLED")
        pages = self.api.get_paginator("list_users").paginate(
            IdentityStoreId=STORE, PaginationConfig={"PageSize": 2}
        )
        self.assertEqual([len(page["Users"]) for page in pages], [2, 1])
        one = [{"AttributePath": "UserName", "AttributeValue": "ben"}]
        listed = self.call("list_users", Filters=one)["Users"]
        self.assertEqual([user["UserName"] for user in listed], ["ben"])
        self.assertEqual(self.refused("list_users", MaxResults=101)[1], "ValidationException")
        unique = {"AttributePath": "emails.value", "AttributeValue": "ANA@example.com"}
        found = self.call("get_user_id", AlternateIdentifier={"UniqueAttribute": unique})
        self.assertEqual(found["UserId"], ANA)
        self.assertEqual(
            refusal(self.api.list_users, IdentityStoreId="d-0000000000")[1],
            "ResourceNotFoundException",
        )


class Groups(Directory):
    def test_a_group_comes_changes_and_goes(self):
        made = self.call("create_group", DisplayName="ML Ops", Description="Operators")
        group = made["GroupId"]
        self.assertEqual(
            self.refused("create_group", DisplayName="ml ops")[:2], (400, "ConflictException")
        )
        self.call(
            "update_group",
            GroupId=group,
            Operations=[{"AttributePath": "displayName", "AttributeValue": "ML Operators"}],
        )
        seen = self.call("describe_group", GroupId=group)
        self.assertEqual((seen["DisplayName"], seen["Description"]), ("ML Operators", "Operators"))
        unique = {"AttributePath": "displayName", "AttributeValue": "ML Operators"}
        found = self.call("get_group_id", AlternateIdentifier={"UniqueAttribute": unique})
        self.assertEqual(found["GroupId"], group)
        named = [{"AttributePath": "DisplayName", "AttributeValue": "ml-search"}]
        listed = self.call("list_groups", Filters=named)["Groups"]
        self.assertEqual([g["DisplayName"] for g in listed], ["ml-search"])
        self.call("delete_group", GroupId=group)
        self.assertEqual(
            self.refused("describe_group", GroupId=group)[1], "ResourceNotFoundException"
        )
        self.assertEqual(len(self.call("list_groups")["Groups"]), 2)
        self.assertEqual(self.event_names(), ["CreateGroup", "UpdateGroup", "DeleteGroup"])


class Memberships(Directory):
    def members(self, group=FRAUD):
        listed = self.call("list_group_memberships", GroupId=group)["GroupMemberships"]
        return [membership["MemberId"]["UserId"] for membership in listed]

    def test_a_membership_comes_and_goes(self):
        ben = self.user_id("ben")
        who = dict(GroupId=FRAUD, MemberId={"UserId": ben})
        made = self.call("create_group_membership", **who)
        membership = made["MembershipId"]
        seen = self.call("describe_group_membership", MembershipId=membership)
        self.assertEqual((seen["GroupId"], seen["MemberId"]["UserId"]), (FRAUD, ben))
        self.assertEqual(self.call("get_group_membership_id", **who)["MembershipId"], membership)
        self.assertEqual(self.members(), [ANA, ben])
        of_ben = self.call("list_group_memberships_for_member", MemberId={"UserId": ben})
        self.assertEqual(len(of_ben["GroupMemberships"]), 2)
        again = error_members(
            self.api.create_group_membership, IdentityStoreId=STORE, **who
        )
        self.assertEqual(again["Error"]["Code"], "ConflictException")
        self.assertEqual(again["Reason"], "UNIQUENESS_CONSTRAINT_VIOLATION")
        self.call("delete_group_membership", MembershipId=membership)
        self.assertEqual(self.members(), [ANA])
        answers = self.call("is_member_in_groups", MemberId={"UserId": ben}, GroupIds=[FRAUD])
        self.assertEqual(
            answers["Results"],
            [{"GroupId": FRAUD, "MemberId": {"UserId": ben}, "MembershipExists": False}],
        )
        self.assertEqual(self.event_names(), ["AddMemberToGroup", "RemoveMemberFromGroup"])

    def test_who_leaves_the_directory_leaves_its_groups(self):
        self.call("delete_user", UserId=ANA)
        self.assertEqual(self.members(), [])
        self.assertEqual(self.event_names(), ["DeleteUser"])

    def test_the_event_is_what_cloudtrail_writes(self):
        ben = self.user_id("ben")
        self.call("create_group_membership", GroupId=FRAUD, MemberId={"UserId": ben})
        (event,) = self.events()
        detail = event["detail"]
        self.assertEqual(event["source"], "aws.sso-directory")
        self.assertEqual(event["detail-type"], "AWS API Call via CloudTrail")
        self.assertEqual(event["time"], detail["eventTime"])
        self.assertEqual(detail["eventSource"], "sso-directory.amazonaws.com")
        self.assertEqual(
            detail["requestParameters"],
            {"identityStoreId": STORE, "groupId": FRAUD, "member": {"memberId": ben}},
        )
        self.assertIsNone(detail["responseElements"])

    def test_faults_drop_delay_and_double_events(self):
        strict.faults("events: { delay_seconds: 60, double: 2, drop: 3 }")
        for name in ["a", "b", "c"]:
            self.call("create_group", DisplayName=name)
        self.assertEqual(self.events(), [])
        advance(60)
        ids = [event["id"] for event in self.events()]
        self.assertEqual(len(ids), 3)
        self.assertEqual((ids[0] == ids[1], ids[1] == ids[2]), (False, True))

    def test_throttling_says_when_to_come_back(self):
        strict.faults("rules: [{ service: identitystore, throttle: true }]")
        answer = error_members(self.api.list_users, IdentityStoreId=STORE)
        self.assertEqual(answer["Error"]["Code"], "ThrottlingException")
        self.assertEqual(answer["RetryAfterSeconds"], 1)

    def test_other_accounts_read_but_do_not_write(self):
        member = strict.client("identitystore", key="AKIAMEMBEREXAMPLE000")
        self.assertEqual(len(member.list_users(IdentityStoreId=STORE)["Users"]), 3)
        status, code, message = refusal(
            member.create_group, IdentityStoreId=STORE, DisplayName="x"
        )
        self.assertEqual((status, code), (400, "AccessDeniedException"))
        self.assertIn("not authorized to perform: identitystore:CreateGroup", message)


class Assignments(Directory):
    def setUp(self):
        super().setUp()
        self.sso = strict.client("sso-admin")
        listed = self.sso.list_applications(InstanceArn=INSTANCE)["Applications"]
        self.application = listed[0]["ApplicationArn"]

    def test_the_instance_and_its_application(self):
        (instance,) = self.sso.list_instances()["Instances"]
        self.assertEqual(instance["InstanceArn"], INSTANCE)
        self.assertEqual(instance["IdentityStoreId"], STORE)
        seen = self.sso.describe_application(ApplicationArn=self.application)
        self.assertEqual(seen["Name"], "SageMaker Studio d-federated")
        self.assertEqual(seen["ApplicationAccount"], "111122223333")

    def test_an_assignment_comes_and_goes(self):
        who = dict(
            ApplicationArn=self.application, PrincipalId=FRAUD, PrincipalType="GROUP"
        )
        self.sso.create_application_assignment(**who)
        self.assertEqual(
            refusal(self.sso.create_application_assignment, **who)[:2],
            (400, "ConflictException"),
        )
        listed = self.sso.list_application_assignments(ApplicationArn=self.application)
        self.assertEqual(listed["ApplicationAssignments"], [who])
        of_ana = self.sso.list_application_assignments_for_principal(
            InstanceArn=INSTANCE, PrincipalId=ANA, PrincipalType="USER"
        )
        self.assertEqual(of_ana["ApplicationAssignments"], [who])
        of_ben = self.sso.list_application_assignments_for_principal(
            InstanceArn=INSTANCE, PrincipalId=self.user_id("ben"), PrincipalType="USER"
        )
        self.assertEqual(of_ben["ApplicationAssignments"], [])
        self.sso.delete_application_assignment(**who)
        self.assertEqual(
            refusal(self.sso.delete_application_assignment, **who)[1],
            "ResourceNotFoundException",
        )
        self.assertEqual(
            refusal(
                self.sso.create_application_assignment,
                ApplicationArn=self.application,
                PrincipalId="00000000-0000-0000-0000-000000000000",
                PrincipalType="USER",
            )[1],
            "ResourceNotFoundException",
        )

    def test_member_accounts_must_filter(self):
        member = strict.client("sso-admin", key="AKIAMEMBEREXAMPLE000")
        who = dict(InstanceArn=INSTANCE, PrincipalId=ANA, PrincipalType="USER")
        self.assertEqual(
            refusal(member.list_application_assignments_for_principal, **who)[1],
            "AccessDeniedException",
        )
        member.list_application_assignments_for_principal(
            **who, Filter={"ApplicationArn": self.application}
        )


if __name__ == "__main__":
    unittest.main()
