# Reads a rendered bundle. Needs no provider, so that it can be tested without one.

locals {
  wanted = [
    for role in jsondecode(var.bundle).roles : role
    if split(":", role.arn)[4] == var.account_id && contains(var.kinds, role.kind)
  ]

  # What follows `role` in the ARN: /ops/stagedoor has the path /ops/ and the name stagedoor.
  resources = { for role in local.wanted : role.arn => trimprefix(split(":", role.arn)[5], "role") }

  roles = {
    for role in local.wanted : role.arn => {
      kind                 = role.kind
      name                 = basename(local.resources[role.arn])
      path                 = trimsuffix(local.resources[role.arn], basename(local.resources[role.arn]))
      description          = role.description
      max_session_duration = role.maxSessionSeconds
      assume_role_policy   = jsonencode(role.trustPolicy)
      tags                 = { for key, value in try(role.tags, {}) : key => value }
    }
  }

  inline_policies = merge([
    for role in local.wanted : {
      for policy in try(role.inlinePolicies, []) : "${role.arn}/${policy.name}" => {
        role_arn = role.arn
        name     = policy.name
        policy   = jsonencode(policy.policy)
      }
    }
  ]...)

  managed_policies = merge([
    for role in local.wanted : {
      for policy in try(role.managedPolicies, []) : "${role.arn}/${policy.name}" => {
        role_arn    = role.arn
        name        = policy.name
        path        = local.roles[role.arn].path
        description = policy.description
        policy      = jsonencode(policy.policy)
      }
    }
  ]...)

  # Statements by which another account's principal comes in.
  trusted = flatten([
    for role in local.wanted : [
      for statement in role.trustPolicy.Statement : {
        principal   = try(statement.Principal.AWS, "somebody else")
        external_id = try(statement.Condition.StringEquals["sts:ExternalId"], null)
        assumes     = statement.Action == "sts:AssumeRole"
      }
    ] if contains(["spoke", "presign"], role.kind)
  ])
}
