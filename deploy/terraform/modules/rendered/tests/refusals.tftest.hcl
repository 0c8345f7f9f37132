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

run "a_provider_besides_the_hub_is_refused" {
  command = plan

  variables {
    bundle        = replace(file("../../examples/two-accounts/stagedoor.json"), "\"AWS\": \"arn:aws:iam::111122223333:role/stagedoor\"", "\"AWS\": \"arn:aws:iam::111122223333:role/stagedoor\", \"Federated\": \"arn:aws:iam::444455556666:saml-provider/evil\"")
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor"]
  }

  expect_failures = [output.roles]
}

run "a_service_besides_the_hub_is_refused" {
  command = plan

  variables {
    bundle        = replace(file("../../examples/two-accounts/stagedoor.json"), "\"AWS\": \"arn:aws:iam::111122223333:role/stagedoor\"", "\"AWS\": \"arn:aws:iam::111122223333:role/stagedoor\", \"Service\": \"ec2.amazonaws.com\"")
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor"]
  }

  expect_failures = [output.roles]
}

run "an_action_in_a_list_needs_an_external_id" {
  command = plan

  variables {
    bundle        = replace(replace(file("../../examples/two-accounts/stagedoor.json"), "sts:ExternalId", "aws:PrincipalArn"), "\"Action\": \"sts:AssumeRole\",", "\"Action\": [\"sts:AssumeRole\"],")
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor"]
  }

  expect_failures = [output.roles]
}

run "no_wildcard_is_an_action" {
  command = plan

  variables {
    bundle        = replace(file("../../examples/two-accounts/stagedoor.json"), "\"Action\": \"sts:AssumeRole\",", "\"Action\": \"sts:*\",")
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor"]
  }

  expect_failures = [output.roles]
}

run "nor_is_everything_but_one" {
  command = plan

  variables {
    bundle        = replace(file("../../examples/two-accounts/stagedoor.json"), "\"Action\": \"sts:AssumeRole\",", "\"NotAction\": \"sts:AssumeRole\",")
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor"]
  }

  expect_failures = [output.roles]
}

run "everybody_but_one_is_refused" {
  command = plan

  variables {
    bundle        = replace(file("../../examples/two-accounts/stagedoor.json"), "\"Principal\": {\n              \"AWS\"", "\"NotPrincipal\": {\n              \"AWS\"")
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor"]
  }

  expect_failures = [output.roles]
}

run "everybody_is_refused" {
  command = plan

  variables {
    bundle = replace(file("../../examples/two-accounts/stagedoor.json"), "\"Principal\": {\n              \"AWS\": \"arn:aws:iam::111122223333:role/stagedoor\"\n            }", "\"Principal\": \"*\"")
  }

  expect_failures = [output.roles]
}

run "a_role_of_the_spoke_that_is_called_a_hub_is_refused" {
  command = plan

  variables {
    bundle        = replace(file("../../examples/two-accounts/stagedoor.json"), "\"kind\": \"spoke\"", "\"kind\": \"hub\"")
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor"]
  }

  expect_failures = [output.roles]
}

run "also_where_no_hub_is_named" {
  command = plan

  variables {
    bundle = replace(file("../../examples/two-accounts/stagedoor.json"), "\"kind\": \"spoke\"", "\"kind\": \"hub\"")
  }

  expect_failures = [output.roles]
}

run "also_if_a_service_assumes_it" {
  command = plan

  variables {
    bundle        = replace(replace(file("../../examples/two-accounts/stagedoor.json"), "\"kind\": \"spoke\"", "\"kind\": \"hub\""), "\"AWS\": \"arn:aws:iam::111122223333:role/stagedoor\"", "\"Service\": \"ec2.amazonaws.com\"")
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor"]
  }

  expect_failures = [output.roles]
}

run "a_list_with_an_external_id_and_what_goes_with_it_is_good" {
  command = plan

  variables {
    bundle        = replace(file("../../examples/two-accounts/stagedoor.json"), "\"Action\": \"sts:AssumeRole\",", "\"Action\": [\"sts:AssumeRole\", \"sts:TagSession\"],")
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor"]
  }
}

run "what_goes_with_it_needs_no_external_id_by_itself" {
  command = plan

  variables {
    bundle = jsonencode({
      roles = [for role in jsondecode(file("../../examples/two-accounts/stagedoor.json")).roles : merge(role, {
        trustPolicy = merge(role.trustPolicy, {
          Statement = concat(role.trustPolicy.Statement, role.kind == "spoke" ? [{
            Effect    = "Allow"
            Principal = { AWS = "arn:aws:iam::111122223333:role/stagedoor" }
            Action    = "sts:SetSourceIdentity"
          }] : [])
        })
      })]
    })
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor"]
  }
}

run "the_hub_has_its_own_role_in_its_own_account" {
  command = plan

  variables {
    account_id    = "111122223333"
    hub_role_arns = ["arn:aws:iam::111122223333:role/stagedoor"]
  }

  assert {
    condition     = [for role in output.roles : role.kind] == ["hub"]
    error_message = "Only the hub's role is of that account."
  }
}

run "a_hub_role_that_no_spoke_lets_in_is_named_too" {
  command = plan

  variables {
    account_id = "111122223333"
    bundle = jsonencode({
      roles = flatten([for role in jsondecode(file("../../examples/two-accounts/stagedoor.json")).roles : [
        for function in(role.kind == "hub" ? ["door", "events", "work", "timer"] : ["all"]) : merge(role, {
          arn = role.kind == "hub" ? "${role.arn}-${function}" : role.arn
        })
      ]])
    })
    hub_role_arns = [for function in ["door", "work", "timer"] : "arn:aws:iam::111122223333:role/stagedoor-${function}"]
  }

  expect_failures = [output.roles]
}

run "so_that_all_four_of_lambda_are_made" {
  command = plan

  variables {
    account_id = "111122223333"
    bundle = jsonencode({
      roles = flatten([for role in jsondecode(file("../../examples/two-accounts/stagedoor.json")).roles : [
        for function in(role.kind == "hub" ? ["door", "events", "work", "timer"] : ["all"]) : merge(role, {
          arn = role.kind == "hub" ? "${role.arn}-${function}" : role.arn
        })
      ]])
    })
    hub_role_arns = [for function in ["door", "events", "work", "timer"] : "arn:aws:iam::111122223333:role/stagedoor-${function}"]
  }

  assert {
    condition     = [for role in values(output.roles) : role.name] == ["stagedoor-door", "stagedoor-events", "stagedoor-timer", "stagedoor-work"]
    error_message = "Each function has a role of its own."
  }
}
