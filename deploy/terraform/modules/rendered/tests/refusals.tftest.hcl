# What a spoke's owner is protected from. Run by `terraform test`, without a provider.

variables {
  bundle     = file("../../examples/two-accounts/stagedoor.json")
  account_id = "444455556666"
  kinds      = ["hub", "spoke", "presign"]
}

run "the_spoke_trusts_the_hub_alone" {
  command = plan

  variables {
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor"]
  }

  assert {
    condition     = [for role in output.roles : role.kind] == ["spoke"]
    error_message = "Another account's roles are not this one's."
  }
}

run "another_hub_is_refused" {
  command = plan

  variables {
    hub_role_arns = ["arn:aws:iam::999999999999:role/stagedoor"]
  }

  expect_failures = [output.roles]
}

run "a_hub_of_several_roles_is_trusted_by_name" {
  command = plan

  variables {
    bundle        = replace(file("../../examples/two-accounts/stagedoor.json"), "\"AWS\": \"arn:aws:iam::111122223333:role/stagedoor\"", "\"AWS\": [\"arn:aws:iam::111122223333:role/stagedoor-door\", \"arn:aws:iam::111122223333:role/stagedoor-work\"]")
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor-door", "arn:aws:iam::111122223333:role/stagedoor-work"]
  }

  assert {
    condition     = strcontains(values(output.roles)[0].assume_role_policy, "role/stagedoor-work")
    error_message = "The spoke of this test trusts one role."
  }
}

run "one_role_more_than_is_named_is_refused" {
  command = plan

  variables {
    bundle        = replace(file("../../examples/two-accounts/stagedoor.json"), "\"AWS\": \"arn:aws:iam::111122223333:role/stagedoor\"", "\"AWS\": [\"arn:aws:iam::111122223333:role/stagedoor-door\", \"arn:aws:iam::999999999999:role/stagedoor-work\"]")
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor-door"]
  }

  expect_failures = [output.roles]
}

run "no_external_id_is_refused" {
  command = plan

  variables {
    bundle = replace(file("../../examples/two-accounts/stagedoor.json"), "sts:ExternalId", "aws:PrincipalArn")
  }

  expect_failures = [output.roles]
}

run "unless_that_is_wanted" {
  command = plan

  variables {
    bundle              = replace(file("../../examples/two-accounts/stagedoor.json"), "sts:ExternalId", "aws:PrincipalArn")
    require_external_id = false
  }
}

run "an_account_without_roles_is_refused" {
  command = plan

  variables {
    account_id = "999999999999"
  }

  expect_failures = [output.roles]
}
