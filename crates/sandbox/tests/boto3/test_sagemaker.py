"""SageMaker, driven with boto3. The sandbox's clock stands still unless a test moves it."""

import unittest

import strict
from strict import advance, refusal

ROLE = "arn:aws:iam::111122223333:role/studio-team-1"
DEFAULT_ROLE = "arn:aws:iam::111122223333:role/studio-default"
ARN = "arn:aws:sagemaker:eu-west-1:111122223333"
DOMAIN = "d-research"


class SageMaker(unittest.TestCase):
    def setUp(self):
        strict.admin("reset", "{}")
        strict.faults("")
        self.api = strict.client("sagemaker")

    def profile(self, name, domain=DOMAIN, **more):
        self.api.create_user_profile(DomainId=domain, UserProfileName=name, **more)
        advance(2)

    def describe(self, name, domain=DOMAIN):
        return self.api.describe_user_profile(DomainId=domain, UserProfileName=name)

    def app(self, profile=None, space=None, kind="JupyterServer", name="default"):
        owner = {"UserProfileName": profile} if profile else {"SpaceName": space}
        return dict(DomainId=DOMAIN, AppType=kind, AppName=name, **owner)


class Domains(SageMaker):
    def test_a_domain_comes_and_goes(self):
        made = self.api.create_domain(
            DomainName="Fraud",
            AuthMode="IAM",
            DefaultUserSettings={"ExecutionRole": ROLE, "SecurityGroups": ["sg-1"]},
            SubnetIds=["subnet-1"],
            VpcId="vpc-1",
            AppNetworkAccessType="VpcOnly",
            Tags=[{"Key": "Team", "Value": "fraud"}],
        )
        domain = made["DomainId"]
        self.assertEqual(made["DomainArn"], f"{ARN}:domain/{domain}")
        self.assertEqual(made["Url"], f"https://{domain}.studio.eu-west-1.sagemaker.aws")
        seen = self.api.describe_domain(DomainId=domain)
        self.assertEqual(seen["Status"], "Pending")
        self.assertEqual(
            refusal(self.api.create_user_profile, DomainId=domain, UserProfileName="a"),
            (
                400,
                "ValidationException",
                f"Domain [{domain}] is not in InService status. Current status: Pending.",
            ),
        )
        advance(3)
        seen = self.api.describe_domain(DomainId=domain)
        self.assertEqual(seen["Status"], "InService")
        self.assertEqual(seen["AuthMode"], "IAM")
        self.assertEqual(seen["AppNetworkAccessType"], "VpcOnly")
        self.assertEqual((seen["LastModifiedTime"] - seen["CreationTime"]).total_seconds(), 3)
        self.assertNotIn("SingleSignOnApplicationArn", seen)

        self.api.update_domain(DomainId=domain, DefaultUserSettings={"ExecutionRole": DEFAULT_ROLE})
        self.assertEqual(self.api.describe_domain(DomainId=domain)["Status"], "Updating")
        advance(1)
        settings = self.api.describe_domain(DomainId=domain)["DefaultUserSettings"]
        self.assertEqual(settings, {"ExecutionRole": DEFAULT_ROLE, "SecurityGroups": ["sg-1"]})

        self.profile("Ana", domain)
        self.assertEqual(
            refusal(self.api.delete_domain, DomainId=domain),
            (
                400,
                "ResourceInUse",
                f"Unable to delete Domain [{ARN}:domain/{domain}] because UserProfile(s) are "
                "associated with it.",
            ),
        )
        self.api.delete_user_profile(DomainId=domain, UserProfileName="ana")
        advance(2)
        self.api.delete_domain(
            DomainId=domain, RetentionPolicy={"HomeEfsFileSystem": "Delete"}
        )
        self.assertEqual(self.api.describe_domain(DomainId=domain)["Status"], "Deleting")
        advance(3)
        self.assertEqual(
            refusal(self.api.describe_domain, DomainId=domain),
            (400, "ResourceNotFound", f"Domain [{domain}] does not exist."),
        )

    def test_each_account_sees_its_own(self):
        domains = self.api.list_domains()["Domains"]
        self.assertEqual([d["DomainId"] for d in domains], ["d-research", "d-federated"])
        member = strict.client("sagemaker", key="AKIAMEMBEREXAMPLE000")
        self.assertEqual(
            [d["DomainId"] for d in member.list_domains()["Domains"]], ["d-old", "d-member"]
        )
        self.assertEqual(
            refusal(member.describe_domain, DomainId=DOMAIN)[1], "ResourceNotFound"
        )
        elsewhere = strict.client("sagemaker", region="us-east-1")
        self.assertEqual(elsewhere.list_domains()["Domains"], [])
        self.assertEqual(
            refusal(elsewhere.describe_domain, DomainId=DOMAIN)[1], "ResourceNotFound"
        )

    def test_names_are_unique_and_domains_limited(self):
        settings = {"DefaultUserSettings": {"ExecutionRole": ROLE}}
        self.assertEqual(
            refusal(self.api.create_domain, DomainName="RESEARCH", AuthMode="IAM", **settings),
            (400, "ResourceInUse", "Domain with name [RESEARCH] already exists."),
        )
        for name in ["third", "fourth"]:
            self.api.create_domain(DomainName=name, AuthMode="IAM", **settings)
        status, code, message = refusal(
            self.api.create_domain, DomainName="fifth", AuthMode="IAM", **settings
        )
        self.assertEqual((status, code), (400, "ResourceLimitExceeded"))
        self.assertIn("'Total domains' is 4", message)

    def test_an_sso_domain_is_an_application(self):
        made = self.api.create_domain(
            DomainName="sso", AuthMode="SSO", DefaultUserSettings={"ExecutionRole": ROLE}
        )
        arn = self.api.describe_domain(DomainId=made["DomainId"])["SingleSignOnApplicationArn"]
        seen = strict.client("sso-admin").describe_application(ApplicationArn=arn)
        self.assertEqual(seen["Name"], f"SageMaker Studio {made['DomainId']}")
        elsewhere = strict.client("sagemaker", region="us-east-1")
        self.assertEqual(
            refusal(
                elsewhere.create_domain,
                DomainName="sso",
                AuthMode="SSO",
                DefaultUserSettings={},
            )[1],
            "ValidationException",
        )


class Profiles(SageMaker):
    def test_security_groups_are_kept_and_replaced(self):
        self.profile("ana", UserSettings={"SecurityGroups": ["sg-1", "sg-2"]})
        self.assertEqual(self.describe("ana")["UserSettings"], {"SecurityGroups": ["sg-1", "sg-2"]})
        self.api.update_user_profile(
            DomainId=DOMAIN, UserProfileName="ana", UserSettings={"SecurityGroups": ["sg-3"]}
        )
        advance(1)
        self.assertEqual(self.describe("ana")["UserSettings"], {"SecurityGroups": ["sg-3"]})
        many = {"SecurityGroups": [f"sg-{n}" for n in range(6)]}
        self.assertEqual(
            refusal(
                self.api.update_user_profile,
                DomainId=DOMAIN,
                UserProfileName="ana",
                UserSettings=many,
            )[:2],
            (400, "ValidationException"),
        )

    def test_names_keep_their_case_and_are_found_without_it(self):
        made = self.api.create_user_profile(
            DomainId=DOMAIN,
            UserProfileName="User1-Team1",
            UserSettings={"ExecutionRole": ROLE},
            Tags=[{"Key": "stagedoor:team", "Value": "team-1"}],
        )
        self.assertEqual(
            made["UserProfileArn"], f"{ARN}:user-profile/{DOMAIN}/user1-team1"
        )
        self.assertEqual(self.describe("USER1-TEAM1")["Status"], "Pending")
        advance(2)
        seen = self.describe("user1-team1")
        self.assertEqual(seen["UserProfileName"], "User1-Team1")
        self.assertEqual(seen["Status"], "InService")
        self.assertEqual(seen["UserSettings"], {"ExecutionRole": ROLE})
        self.assertRegex(seen["HomeEfsFileSystemUid"], "^[0-9]{6}$")
        self.assertEqual(
            refusal(self.api.create_user_profile, DomainId=DOMAIN, UserProfileName="USER1-team1"),
            (
                400,
                "ResourceInUse",
                f"UserProfile [{ARN}:user-profile/{DOMAIN}/user1-team1] already exists.",
            ),
        )

    def test_lists_have_ten_by_default_and_a_hundred_at_most(self):
        names = [f"p{i:02}" for i in range(25)]
        for name in names:
            self.api.create_user_profile(DomainId=DOMAIN, UserProfileName=name)
        first = self.api.list_user_profiles(DomainIdEquals=DOMAIN)
        self.assertEqual([p["UserProfileName"] for p in first["UserProfiles"]], names[:10])
        pages = self.api.get_paginator("list_user_profiles").paginate(DomainIdEquals=DOMAIN)
        listed = [p["UserProfileName"] for page in pages for p in page["UserProfiles"]]
        self.assertEqual(listed, names)
        self.assertEqual(
            refusal(self.api.list_user_profiles, MaxResults=101),
            (
                400,
                "ValidationException",
                "1 validation error detected: Value '101' at 'maxResults' failed to satisfy "
                "constraint: Member must have value less than or equal to 100",
            ),
        )
        down = self.api.list_user_profiles(
            DomainIdEquals=DOMAIN, SortOrder="Descending", MaxResults=2
        )
        self.assertEqual([p["UserProfileName"] for p in down["UserProfiles"]], ["p24", "p23"])
        part = self.api.list_user_profiles(UserProfileNameContains="P1", MaxResults=100)
        self.assertEqual(len(part["UserProfiles"]), 10)
        self.assertNotIn("NextToken", part)
        token = first["NextToken"]
        self.assertEqual(
            refusal(self.api.list_user_profiles, DomainIdEquals="d-other", NextToken=token),
            (400, "ValidationException", "The NextToken is invalid."),
        )

    def test_the_changed_come_last_when_sorted_by_change(self):
        for name in ["a", "b"]:
            self.profile(name)
        self.api.update_user_profile(DomainId=DOMAIN, UserProfileName="a")
        advance(1)
        listed = self.api.list_user_profiles(SortBy="LastModifiedTime")["UserProfiles"]
        self.assertEqual([p["UserProfileName"] for p in listed], ["b", "a"])

    def test_updates_replace_the_members_given(self):
        self.profile("ana", UserSettings={"ExecutionRole": ROLE, "SecurityGroups": ["sg-1"]})
        self.api.update_user_profile(
            DomainId=DOMAIN, UserProfileName="Ana", UserSettings={"SecurityGroups": ["sg-2"]}
        )
        self.assertEqual(self.describe("ana")["Status"], "Updating")
        self.assertEqual(
            refusal(self.api.update_user_profile, DomainId=DOMAIN, UserProfileName="ana")[1],
            "ResourceInUse",
        )
        advance(1)
        self.assertEqual(
            self.describe("ana")["UserSettings"],
            {"ExecutionRole": ROLE, "SecurityGroups": ["sg-2"]},
        )

    def test_names_and_roles_are_checked(self):
        create = self.api.create_user_profile
        self.assertEqual(
            refusal(create, DomainId=DOMAIN, UserProfileName="ana@example.com"),
            (
                400,
                "ValidationException",
                "1 validation error detected: Value 'ana@example.com' at 'userProfileName' failed "
                "to satisfy constraint: Member must satisfy regular expression pattern: "
                "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
            ),
        )
        self.assertEqual(
            refusal(create, DomainId=DOMAIN)[2],
            "1 validation error detected: Value null at 'userProfileName' failed to satisfy "
            "constraint: Member must not be null",
        )
        nobody = "arn:aws:iam::111122223333:role/nobody"
        self.assertEqual(
            refusal(
                create,
                DomainId=DOMAIN,
                UserProfileName="a",
                UserSettings={"ExecutionRole": nobody},
            ),
            (
                400,
                "ValidationException",
                f"Could not assume role {nobody}. Please ensure that the role exists and allows "
                "principal 'sagemaker.amazonaws.com' to assume the role.",
            ),
        )
        self.assertIn(
            "Could not assume role",
            refusal(
                create,
                DomainId=DOMAIN,
                UserProfileName="a",
                UserSettings={"ExecutionRole": "arn:aws:iam::111122223333:role/Hub"},
            )[2],
        )
        self.assertEqual(
            refusal(
                create,
                DomainId=DOMAIN,
                UserProfileName="a",
                UserSettings={"ExecutionRole": "arn:aws:iam::444455556666:role/studio-member"},
            )[2],
            "Cross-account pass role is not allowed.",
        )
        self.assertEqual(
            refusal(create, DomainId="d-nowhere", UserProfileName="a")[1], "ResourceNotFound"
        )

    def test_profiles_are_limited_per_account_and_region(self):
        for i in range(40):
            self.api.create_user_profile(DomainId=DOMAIN, UserProfileName=f"p{i}")
        status, code, message = refusal(
            self.api.create_user_profile, DomainId=DOMAIN, UserProfileName="p40"
        )
        self.assertEqual((status, code), (400, "ResourceLimitExceeded"))
        self.assertIn("Maximum number of Studio user profiles allowed per account", message)

    def test_a_profile_is_deleted_after_its_apps_and_spaces(self):
        self.profile("ana")
        first_uid = self.describe("ana")["HomeEfsFileSystemUid"]
        self.api.create_app(**self.app("ana"))
        advance(3)
        self.api.create_space(
            DomainId=DOMAIN,
            SpaceName="notes",
            OwnershipSettings={"OwnerUserProfileName": "Ana"},
            SpaceSharingSettings={"SharingType": "Private"},
        )
        advance(1)
        delete = dict(DomainId=DOMAIN, UserProfileName="ana")
        in_use = f"Unable to delete UserProfile [{ARN}:user-profile/{DOMAIN}/ana] because "
        self.assertEqual(
            refusal(self.api.delete_user_profile, **delete),
            (400, "ResourceInUse", in_use + "App(s) are associated with it."),
        )
        self.api.delete_app(**self.app("ana"))
        self.assertEqual(refusal(self.api.delete_user_profile, **delete)[1], "ResourceInUse")
        advance(4)
        self.assertEqual(
            refusal(self.api.delete_user_profile, **delete),
            (400, "ResourceInUse", in_use + "Space(s) are associated with it."),
        )
        self.api.delete_space(DomainId=DOMAIN, SpaceName="notes")
        advance(2)
        self.api.delete_user_profile(**delete)
        self.assertEqual(self.describe("ana")["Status"], "Deleting")
        advance(2)
        self.assertEqual(
            refusal(self.api.describe_user_profile, **delete),
            (
                400,
                "ResourceNotFound",
                f"UserProfile [{ARN}:user-profile/{DOMAIN}/ana] does not exist.",
            ),
        )
        self.assertEqual(
            refusal(self.api.delete_user_profile, **delete)[1], "ResourceNotFound"
        )
        self.profile("ana")
        self.assertNotEqual(self.describe("ana")["HomeEfsFileSystemUid"], first_uid)


class SsoMode(SageMaker):
    def create(self, name, **more):
        return refusal(
            self.api.create_user_profile, DomainId="d-federated", UserProfileName=name, **more
        )

    def test_an_sso_profile_belongs_to_one_person(self):
        who = {"SingleSignOnUserIdentifier": "UserName", "SingleSignOnUserValue": "ana"}
        self.assertEqual(
            self.create("p")[2],
            "SingleSignOnUserIdentifier is required when the Domain's AuthMode is SSO.",
        )
        nobody = dict(who, SingleSignOnUserValue="nobody")
        self.assertEqual(
            self.create("p", **nobody)[:2], (400, "ValidationException")
        )
        self.profile("p", "d-federated", **who)
        seen = self.describe("p", "d-federated")
        self.assertEqual(seen["SingleSignOnUserIdentifier"], "UserName")
        self.assertEqual(seen["SingleSignOnUserValue"], "ana")
        self.assertEqual(self.create("q", **who)[:2], (400, "ResourceInUse"))

    def test_iam_profiles_must_not_name_a_person(self):
        self.assertEqual(
            refusal(
                self.api.create_user_profile,
                DomainId=DOMAIN,
                UserProfileName="p",
                SingleSignOnUserIdentifier="UserName",
                SingleSignOnUserValue="ana",
            ),
            (
                400,
                "ValidationException",
                "SingleSignOnUserIdentifier is not allowed when the Domain's AuthMode is IAM.",
            ),
        )

    def test_signing_in_needs_an_assignment(self):
        who = {"SingleSignOnUserIdentifier": "UserName", "SingleSignOnUserValue": "ana"}
        self.profile("p", "d-federated", **who)
        url = f"{strict.ENDPOINT}/studio/d-federated/login?user=ana"
        status, text = strict.get(url)
        self.assertEqual(status, 403)
        self.assertIn("Please check if user is assigned to Studio Domain [d-federated]", text)
        arn = self.api.describe_domain(DomainId="d-federated")["SingleSignOnApplicationArn"]
        strict.client("sso-admin").create_application_assignment(
            ApplicationArn=arn,
            PrincipalId="14f83478-a061-708f-8de4-a3a2b99e9d89",
            PrincipalType="GROUP",
        )
        status, text = strict.get(url)
        self.assertEqual(status, 200)
        self.assertIn('data-profile="p"', text)
        self.assertEqual(
            refusal(
                self.api.create_presigned_domain_url, DomainId="d-federated", UserProfileName="p"
            ),
            (
                400,
                "ValidationException",
                "CreatePresignedDomainUrl can only be called when the Domain's AuthMode is IAM.",
            ),
        )

    def assign(self, domain, kind="GROUP", who="14f83478-a061-708f-8de4-a3a2b99e9d89"):
        arn = self.api.describe_domain(DomainId=domain)["SingleSignOnApplicationArn"]
        assign = strict.client("sso-admin").create_application_assignment
        return assign, dict(ApplicationArn=arn, PrincipalId=who, PrincipalType=kind)

    def test_an_assignment_is_made_once(self):
        assign, who = self.assign("d-federated")
        assign(**who)
        self.assertEqual(
            refusal(assign, **who), (400, "ConflictException", "The assignment already exists.")
        )
        nobody = dict(who, PrincipalId="14f83478-a061-708f-8de4-000000000000")
        self.assertEqual(refusal(assign, **nobody)[1], "ResourceNotFoundException")

    def test_whoever_is_assigned_and_has_no_profile_gets_one_at_the_door(self):
        assign, who = self.assign("d-federated")
        url = f"{strict.ENDPOINT}/studio/d-federated/login?user=ana"
        assign(**who)
        self.assertEqual(self.api.list_user_profiles()["UserProfiles"], [])
        self.assertEqual(strict.get(url)[0], 200)
        (made,) = self.api.list_user_profiles(DomainIdEquals="d-federated")["UserProfiles"]
        seen = self.describe(made["UserProfileName"], "d-federated")
        self.assertEqual((seen["Status"], seen["SingleSignOnUserValue"]), ("InService", "ana"))
        self.assertNotIn("UserSettings", seen)
        self.assertEqual(self.api.list_tags(ResourceArn=seen["UserProfileArn"])["Tags"], [])
        status, text = strict.get(url)
        self.assertEqual(status, 200)
        self.assertIn(f'data-role-arn="{DEFAULT_ROLE}"', text)
        self.assertEqual(len(self.api.list_user_profiles()["UserProfiles"]), 1)
        self.assertEqual(strict.get(url.replace("ana", "ben"))[0], 403)
        self.assertEqual(strict.get(url.replace("ana", "nobody"))[0], 403)

    def test_a_disabled_person_stays_out(self):
        users = strict.client("identitystore").list_users(IdentityStoreId="d-906716eb24")["Users"]
        (cleo,) = [user["UserId"] for user in users if user["UserName"] == "cleo"]
        assign, who = self.assign("d-federated", "USER", cleo)
        assign(**who)
        self.assertEqual(strict.get(f"{strict.ENDPOINT}/studio/d-federated/login?user=cleo")[0], 403)
        self.assertEqual(self.api.list_user_profiles()["UserProfiles"], [])

    def test_old_domains_do_not_tell_their_application(self):
        member = strict.client("sagemaker", key="AKIAMEMBEREXAMPLE000")
        seen = member.describe_domain(DomainId="d-old")
        self.assertNotIn("SingleSignOnApplicationArn", seen)
        self.assertRegex(seen["SingleSignOnManagedApplicationInstanceId"], "^ins-[0-9a-f]{16}$")
        self.assertEqual(seen["AuthMode"], "SSO")
        self.assertEqual(strict.get(f"{strict.ENDPOINT}/studio/d-old/login?user=ana")[0], 403)
        sso = strict.client("sso-admin")
        instance = sso.list_instances()["Instances"][0]["InstanceArn"]
        listed = sso.list_applications(InstanceArn=instance)["Applications"]
        (arn,) = [a["ApplicationArn"] for a in listed if a["Name"].endswith("d-old")]
        assign, who = self.assign("d-federated")
        assign(**dict(who, ApplicationArn=arn))
        self.assertEqual(strict.get(f"{strict.ENDPOINT}/studio/d-old/login?user=ana")[0], 200)

    def test_domains_tell_network_home_and_role_identity(self):
        member = strict.client("sagemaker", key="AKIAMEMBEREXAMPLE000")
        old = member.describe_domain(DomainId="d-old")
        self.assertEqual(old["AppNetworkAccessType"], "VpcOnly")
        self.assertEqual(
            old["DomainSettings"], {"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}
        )
        seen = member.describe_domain(DomainId="d-member")
        self.assertEqual(seen["AppNetworkAccessType"], "PublicInternetOnly")
        self.assertNotIn("DomainSettings", seen)
        self.assertEqual(seen["Url"], "https://d-member.studio.eu-west-1.sagemaker.aws")
        self.assertRegex(seen["HomeEfsFileSystemId"], "^fs-[0-9a-f]{17}$")

    def test_no_app_starts_where_the_role_may_not_carry_the_profiles_name(self):
        member = strict.client("sagemaker", key="AKIAMEMBEREXAMPLE000")
        member.create_user_profile(
            DomainId="d-old",
            UserProfileName="ben",
            SingleSignOnUserIdentifier="UserName",
            SingleSignOnUserValue="ben",
        )
        advance(2)
        app = dict(DomainId="d-old", UserProfileName="ben", AppType="Canvas", AppName="default")
        member.create_app(**app)
        advance(3)
        self.assertEqual(member.describe_app(**app)["Status"], "Failed")


class Apps(SageMaker):
    def test_a_running_app_tells_what_it_runs_on_and_since_when(self):
        member = strict.client("sagemaker", key="AKIAMEMBEREXAMPLE000")
        (app,) = member.list_apps(DomainIdEquals="d-member")["Apps"]
        self.assertEqual(app["ResourceSpec"], {"InstanceType": "ml.t3.medium"})
        self.assertEqual(app["CreationTime"].isoformat(), "2026-11-20T09:00:00+00:00")

    def test_an_app_lives_and_stays_listed_for_a_day(self):
        self.profile("Ana", Tags=[{"Key": "Team", "Value": "fraud"}])
        made = self.api.create_app(
            **self.app("ana"), ResourceSpec={"InstanceType": "system"}, RecoveryMode=False
        )
        self.assertEqual(made["AppArn"], f"{ARN}:app/{DOMAIN}/ana/jupyterserver/default")
        self.assertEqual(self.api.describe_app(**self.app("ana"))["Status"], "Pending")
        advance(3)
        seen = self.api.describe_app(**self.app("ANA"))
        self.assertEqual(
            (seen["Status"], seen["UserProfileName"], seen["AppType"], seen["ResourceSpec"]),
            ("InService", "Ana", "JupyterServer", {"InstanceType": "system"}),
        )
        tags = self.api.list_tags(ResourceArn=made["AppArn"])["Tags"]
        self.assertEqual(tags, [{"Key": "Team", "Value": "fraud"}])
        self.assertEqual(refusal(self.api.create_app, **self.app("ana"))[1], "ResourceInUse")
        self.assertEqual(
            refusal(self.api.create_app, **self.app("ana", name="second"))[1],
            "ResourceLimitExceeded",
        )
        self.api.delete_app(**self.app("ana"))
        self.assertEqual(self.api.describe_app(**self.app("ana"))["Status"], "Deleting")
        self.assertEqual(refusal(self.api.delete_app, **self.app("ana"))[1], "ResourceInUse")
        advance(4)
        listed = self.api.list_apps(DomainIdEquals=DOMAIN)["Apps"]
        self.assertEqual([app["Status"] for app in listed], ["Deleted"])
        self.assertEqual(
            refusal(self.api.delete_app, **self.app("ana")),
            (400, "ValidationException", f"App [{made['AppArn']}] has already been deleted."),
        )
        advance(86400 - 1)
        self.assertEqual(len(self.api.list_apps(DomainIdEquals=DOMAIN)["Apps"]), 1)
        advance(1)
        self.assertEqual(self.api.list_apps(DomainIdEquals=DOMAIN)["Apps"], [])
        self.assertEqual(refusal(self.api.delete_app, **self.app("ana"))[1], "ResourceNotFound")

    def test_apps_of_spaces_are_not_those_of_their_owner(self):
        self.profile("ana")
        self.api.create_space(
            DomainId=DOMAIN,
            SpaceName="Notes",
            OwnershipSettings={"OwnerUserProfileName": "ana"},
            SpaceSharingSettings={"SharingType": "Private"},
        )
        advance(1)
        made = self.api.create_app(**self.app(space="notes", kind="JupyterLab"))
        self.assertEqual(made["AppArn"], f"{ARN}:app/{DOMAIN}/notes/jupyterlab/default")
        self.api.create_app(**self.app("ana", kind="KernelGateway", name="kernel"))
        listing = self.api.list_apps
        of_ana = listing(DomainIdEquals=DOMAIN, UserProfileNameEquals="ANA")["Apps"]
        self.assertEqual([app["AppType"] for app in of_ana], ["KernelGateway"])
        of_space = listing(DomainIdEquals=DOMAIN, SpaceNameEquals="notes")["Apps"]
        self.assertEqual(
            [(app["SpaceName"], app["AppType"]) for app in of_space], [("Notes", "JupyterLab")]
        )
        self.assertNotIn("UserProfileName", of_space[0])
        self.assertEqual(len(listing(DomainIdEquals=DOMAIN)["Apps"]), 2)
        self.assertEqual(
            refusal(
                listing, DomainIdEquals=DOMAIN, UserProfileNameEquals="ana", SpaceNameEquals="notes"
            )[1],
            "ValidationException",
        )
        self.assertEqual(
            refusal(self.api.create_app, **dict(self.app("ana"), SpaceName="notes")),
            (
                400,
                "ValidationException",
                "Exactly one of UserProfileName and SpaceName must be specified.",
            ),
        )
        self.assertEqual(
            refusal(self.api.delete_space, DomainId=DOMAIN, SpaceName="notes"),
            (
                400,
                "ResourceInUse",
                f"Unable to delete Space [{ARN}:space/{DOMAIN}/notes] because App(s) are "
                "associated with it.",
            ),
        )

    def test_a_failed_app_cannot_be_deleted(self):
        self.profile("ana")
        strict.faults("rules: [{ operation: CreateApp, app_fails: true }]")
        arn = self.api.create_app(**self.app("ana"))["AppArn"]
        advance(3)
        seen = self.api.describe_app(**self.app("ana"))
        self.assertEqual(seen["Status"], "Failed")
        self.assertTrue(seen["FailureReason"])
        self.assertEqual(
            refusal(self.api.delete_app, **self.app("ana")),
            (
                400,
                "ValidationException",
                f"App [{arn}] previously failed and was automatically deleted.",
            ),
        )
        self.api.delete_user_profile(DomainId=DOMAIN, UserProfileName="ana")


class Spaces(SageMaker):
    def test_a_shared_space_is_made_again_under_another_owner(self):
        member = strict.client("sagemaker", key="AKIAMEMBEREXAMPLE000")
        member.create_user_profile(DomainId="d-member", UserProfileName="Ben")
        advance(2)
        (listed,) = member.list_spaces(DomainIdEquals="d-member")["Spaces"]
        storage = {"EbsStorageSettings": {"EbsVolumeSizeInGb": 100}}
        self.assertEqual(
            listed["SpaceSettingsSummary"],
            {"AppType": "JupyterLab", "SpaceStorageSettings": storage},
        )
        old = member.describe_space(DomainId="d-member", SpaceName="commons")
        self.assertEqual(old["OwnershipSettings"], {"OwnerUserProfileName": "ana"})
        self.assertEqual(old["SpaceDisplayName"], "The commons")
        again = {
            name: old[name] for name in ("SpaceSettings", "SpaceSharingSettings", "SpaceDisplayName")
        }
        made = member.create_space(
            DomainId="d-member",
            SpaceName="commons-2",
            OwnershipSettings={"OwnerUserProfileName": "ben"},
            **again,
        )
        advance(1)
        new = member.describe_space(DomainId="d-member", SpaceName="commons-2")
        self.assertEqual(new["SpaceArn"], made["SpaceArn"])
        self.assertEqual({name: new[name] for name in again}, again)
        self.assertEqual(new["OwnershipSettings"], {"OwnerUserProfileName": "Ben"})
        self.assertNotEqual(new["HomeEfsFileSystemUid"], old["HomeEfsFileSystemUid"])

    def test_a_space_comes_and_goes(self):
        self.profile("Ana")
        made = self.api.create_space(
            DomainId=DOMAIN,
            SpaceName="Notes",
            SpaceDisplayName="My notes",
            SpaceSettings={"AppType": "JupyterLab"},
            OwnershipSettings={"OwnerUserProfileName": "ana"},
            SpaceSharingSettings={"SharingType": "Shared"},
            Tags=[{"Key": "Team", "Value": "fraud"}],
        )
        self.assertEqual(made["SpaceArn"], f"{ARN}:space/{DOMAIN}/notes")
        describe = dict(DomainId=DOMAIN, SpaceName="NOTES")
        self.assertEqual(self.api.describe_space(**describe)["Status"], "Pending")
        advance(1)
        seen = self.api.describe_space(**describe)
        self.assertEqual(seen["Status"], "InService")
        self.assertEqual(seen["OwnershipSettings"], {"OwnerUserProfileName": "Ana"})
        self.assertEqual(seen["SpaceSharingSettings"], {"SharingType": "Shared"})
        self.assertEqual(
            refusal(self.api.create_space, **describe)[:2], (400, "ResourceInUse")
        )
        self.api.update_space(**describe, SpaceDisplayName="Ours")
        self.assertEqual(self.api.describe_space(**describe)["Status"], "Updating")
        advance(1)
        listed = self.api.list_spaces(DomainIdEquals=DOMAIN, SpaceNameContains="ote")["Spaces"]
        self.assertEqual(
            [
                (
                    s["SpaceName"],
                    s["SpaceDisplayName"],
                    s["OwnershipSettingsSummary"]["OwnerUserProfileName"],
                    s["SpaceSharingSettingsSummary"]["SharingType"],
                    s["SpaceSettingsSummary"]["AppType"],
                )
                for s in listed
            ],
            [("Notes", "Ours", "Ana", "Shared", "JupyterLab")],
        )
        self.api.delete_space(**describe)
        self.assertEqual(self.api.describe_space(**describe)["Status"], "Deleting")
        advance(2)
        self.assertEqual(
            refusal(self.api.describe_space, **describe),
            (400, "ResourceNotFound", f"Space [{ARN}:space/{DOMAIN}/notes] does not exist."),
        )

    def test_owner_and_sharing_go_together_and_spaces_are_limited(self):
        self.profile("ana")
        self.assertEqual(
            refusal(
                self.api.create_space,
                DomainId=DOMAIN,
                SpaceName="s",
                OwnershipSettings={"OwnerUserProfileName": "ana"},
            )[1],
            "ValidationException",
        )
        for name in ["a", "b", "c"]:
            self.api.create_space(DomainId=DOMAIN, SpaceName=name)
        self.assertEqual(
            refusal(self.api.create_space, DomainId=DOMAIN, SpaceName="d")[:2],
            (400, "ResourceLimitExceeded"),
        )


class Tags(SageMaker):
    def test_tags_are_added_overwritten_and_deleted(self):
        self.profile("Ana", Tags=[{"Key": "a", "Value": "1"}])
        arn = f"{ARN}:user-profile/{DOMAIN}/Ana"
        answer = self.api.add_tags(
            ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]
        )
        tags = [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]
        self.assertEqual(answer["Tags"], tags)
        self.api.delete_tags(ResourceArn=arn, TagKeys=["a", "absent"])
        self.assertEqual(self.api.list_tags(ResourceArn=arn)["Tags"], tags[1:])
        many = [{"Key": f"k{i}", "Value": "v"} for i in range(50)]
        self.assertEqual(
            refusal(self.api.add_tags, ResourceArn=arn, Tags=many)[:2],
            (400, "ValidationException"),
        )
        self.assertEqual(
            refusal(self.api.add_tags, ResourceArn=arn, Tags=[{"Key": "aws:x", "Value": ""}])[:2],
            (400, "ValidationException"),
        )
        self.assertEqual(self.api.list_tags(ResourceArn=arn)["Tags"], tags[1:])

    def test_tags_go_with_their_resource(self):
        self.profile("ana", Tags=[{"Key": "a", "Value": "1"}])
        self.api.delete_user_profile(DomainId=DOMAIN, UserProfileName="ana")
        advance(2)
        arn = f"{ARN}:user-profile/{DOMAIN}/ana"
        self.assertEqual(
            refusal(self.api.list_tags, ResourceArn=arn),
            (400, "ValidationException", f"Resource [{arn}] does not exist."),
        )


class PresignedUrls(SageMaker):
    def url(self, **more):
        answer = self.api.create_presigned_domain_url(
            DomainId=DOMAIN, UserProfileName="Ana", **more
        )
        return answer["AuthorizedUrl"]

    def setUp(self):
        super().setUp()
        self.profile(
            "Ana",
            UserSettings={"ExecutionRole": ROLE},
            Tags=[
                {"Key": "stagedoor:person", "Value": "ana@example.com"},
                {"Key": "stagedoor:team", "Value": "fraud"},
            ],
        )

    def test_a_url_opens_studio_once(self):
        url = self.url(SessionExpirationDurationInSeconds=5400)
        self.assertTrue(url.startswith(f"{strict.ENDPOINT}/studio/{DOMAIN}/auth?token="), url)
        status, text = strict.get(url)
        self.assertEqual(status, 200)
        for fact in [
            f'data-role-arn="{ROLE}"',
            'data-profile="Ana"',
            f'data-domain-id="{DOMAIN}"',
            'data-person="ana@example.com"',
            'data-team="fraud"',
            "1 h 30 min",
        ]:
            self.assertIn(fact, text)
        status, text = strict.get(url)
        self.assertEqual(status, 403)
        self.assertIn("The link was used before.", text)

    def test_a_url_is_good_for_its_seconds_only(self):
        short, long = self.url(ExpiresInSeconds=5), self.url()
        advance(5)
        status, text = strict.get(short)
        self.assertEqual(status, 403)
        self.assertIn("The link has expired.", text)
        advance(294)
        self.assertEqual(strict.get(long)[0], 200)
        status, text = strict.get(long.replace("token=", "token=x"))
        self.assertEqual(status, 403)
        self.assertIn("not one that was given out", text)

    def test_the_bounds_are_those_of_aws(self):
        for member, value in [
            ("ExpiresInSeconds", 4),
            ("ExpiresInSeconds", 301),
            ("SessionExpirationDurationInSeconds", 1799),
            ("SessionExpirationDurationInSeconds", 43201),
        ]:
            code = refusal(
                self.api.create_presigned_domain_url,
                DomainId=DOMAIN,
                UserProfileName="ana",
                **{member: value},
            )[1]
            self.assertEqual(code, "ValidationException", (member, value))

    def test_only_a_profile_in_service_has_urls(self):
        create = self.api.create_presigned_domain_url
        self.assertEqual(
            refusal(create, DomainId=DOMAIN, UserProfileName="nobody")[:2],
            (400, "ResourceNotFound"),
        )
        url = self.url()
        self.api.delete_user_profile(DomainId=DOMAIN, UserProfileName="ana")
        self.assertEqual(
            refusal(create, DomainId=DOMAIN, UserProfileName="ana")[:2],
            (400, "ValidationException"),
        )
        self.assertEqual(strict.get(url)[0], 403)


class Faults(SageMaker):
    def test_throttling_and_errors(self):
        strict.faults(
            "rules:\n"
            "  - { service: sagemaker, operation: ListDomains, first: 1, throttle: true }\n"
            "  - { operation: ListApps, error: { code: AccessDeniedException, message: no } }\n"
        )
        self.assertEqual(
            refusal(self.api.list_domains), (400, "ThrottlingException", "Rate exceeded")
        )
        self.assertEqual(len(self.api.list_domains()["Domains"]), 2)
        self.assertEqual(refusal(self.api.list_apps), (400, "AccessDeniedException", "no"))

    def test_a_lost_answer_was_work_done(self):
        strict.faults("rules: [{ operation: CreateUserProfile, timeout_after_success: true }]")
        status, code, _ = refusal(
            self.api.create_user_profile, DomainId=DOMAIN, UserProfileName="ana"
        )
        self.assertEqual((status, code), (500, "InternalFailure"))
        self.assertEqual(self.describe("ana")["Status"], "Pending")

    def test_a_deletion_can_be_stuck_until_the_faults_go(self):
        self.profile("ana")
        strict.faults("rules: [{ operation: DeleteUserProfile, stuck_deleting: true }]")
        self.api.delete_user_profile(DomainId=DOMAIN, UserProfileName="ana")
        advance(100_000)
        self.assertEqual(self.describe("ana")["Status"], "Deleting")
        strict.faults("")
        self.assertEqual(self.api.list_user_profiles()["UserProfiles"], [])

    def test_a_profile_can_fail(self):
        strict.faults("rules: [{ operation: CreateUserProfile, profile_fails: true }]")
        self.profile("ana")
        seen = self.describe("ana")
        self.assertEqual(seen["Status"], "Failed")
        self.assertTrue(seen["FailureReason"])
        strict.faults("rules: [{ operation: DeleteUserProfile, delete_fails: true }]")
        self.api.delete_user_profile(DomainId=DOMAIN, UserProfileName="ana")
        advance(2)
        self.assertEqual(self.describe("ana")["Status"], "Delete_Failed")
        strict.faults("")
        self.api.delete_user_profile(DomainId=DOMAIN, UserProfileName="ana")
        advance(2)
        self.assertEqual(self.api.list_user_profiles()["UserProfiles"], [])

    def test_rates(self):
        strict.faults("rate_limits: { sagemaker: 2 }")
        self.api.list_domains()
        self.api.list_domains()
        self.assertEqual(refusal(self.api.list_domains)[1], "ThrottlingException")
        advance(1)
        self.api.list_domains()


if __name__ == "__main__":
    unittest.main()
