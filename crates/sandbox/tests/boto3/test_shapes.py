"""The shapes that requests are checked against are those of botocore's models."""

import unittest

import boto3

import strict

# Where the sandbox checks more loosely on purpose.
LOOSE = {
    # Their patterns need a real regular expression engine and guard nothing that matters here.
    "sts/AssumeRole.RoleArn",
    "sts/AssumeRole.RoleSessionName",
    "sts/AssumeRole.SourceIdentity",
    "iam/CreateRole.Path",
    "iam/CreateRole.AssumeRolePolicyDocument",
    "iam/CreateRole.Description",
    "iam/ListRoles.PathPrefix",
    "iam/ListRoles.Marker",
    "iam/CreatePolicy.Path",
    "iam/CreatePolicy.PolicyDocument",
    "iam/CreatePolicy.Description",
    "iam/CreatePolicyVersion.PolicyDocument",
    "iam/GetPolicyVersion.VersionId",
    "iam/ListAttachedRolePolicies.PathPrefix",
    "iam/ListAttachedRolePolicies.Marker",
    "iam/PutRolePolicy.PolicyDocument",
    "iam/ListRolePolicies.Marker",
    "sso-admin/ListApplications.Filter.ApplicationProvider",
    "sagemaker/CreateSpace.SpaceDisplayName",
    "sagemaker/UpdateSpace.SpaceDisplayName",
}


class Shapes(unittest.TestCase):
    def test_every_member_is_as_in_the_model(self):
        checked = 0
        for service, operations in strict.admin("shapes").items():
            model = boto3.client(service).meta.service_model
            for name, members in operations.items():
                shape = model.operation_model(name).input_shape
                checked += self.compare(f"{service}/{name}", members, shape)
        self.assertGreater(checked, 250)

    def compare(self, path, members, shape):
        checked = 0
        given = shape.members if shape else {}
        required = set(shape.required_members) if shape else set()
        missing = required - {name for name, ours in members.items() if ours["required"]}
        self.assertEqual(missing, set(), path)
        for name, ours in members.items():
            place = f"{path}.{name}"
            self.assertIn(name, given, place)
            self.assertEqual(ours["required"], name in required, place)
            checked += self.compare_kind(place, ours, given[name])
        return checked

    def compare_kind(self, path, ours, shape):
        kind, limits = ours["type"], shape.metadata
        if kind == "document":
            return 1
        if kind == "string" and shape.type_name == "blob":
            # JSON has no bytes: they are text in base64.
            return 1
        self.assertEqual(kind, shape.type_name, path)
        if kind == "structure":
            return 1 + self.compare(path, ours["members"], shape)
        if kind == "list":
            self.compare_limits(path, ours, limits)
            return 1 + self.compare_kind(f"{path}[]", ours["item"], shape.member)
        if kind == "integer":
            self.compare_limits(path, ours, limits)
        if kind == "string" and "enum" in ours:
            self.assertEqual(sorted(ours["enum"]), sorted(shape.enum), path)
        elif kind == "string":
            self.compare_limits(path, ours, limits)
            pattern = limits.get("pattern")
            if path not in LOOSE and pattern != ".*" and not path.endswith("NextToken"):
                self.assertEqual(ours["pattern"], pattern, path)
        return 1

    def compare_limits(self, path, ours, limits):
        if "max" in limits:
            self.assertEqual(ours["max"], limits["max"], path)
        if "min" in limits:
            self.assertEqual(ours["min"], limits["min"], path)


if __name__ == "__main__":
    unittest.main()
