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

  # Whom each statement of a trust policy lets in, and to what. What is not as Stagedoor renders it names
  # nobody's ARN and an action that nothing asks for, so that it is refused.
  trusts = flatten([
    for role in local.wanted : [
      for statement in role.trustPolicy.Statement : {
        arn         = role.arn
        kind        = role.kind
        through     = try(keys(statement.Principal), ["anything"])
        principals  = flatten([try(statement.Principal.AWS, "somebody else")])
        actions     = flatten([try(statement.Action, "anything")])
        external_id = try(statement.Condition.StringEquals["sts:ExternalId"], null)
      }
    ]
  ])

  # Into these roles the hub comes, into all others a service of AWS.
  entered = [for trust in local.trusts : trust if contains(["spoke", "presign"], trust.kind)]
  own     = [for trust in local.trusts : trust if !contains(["spoke", "presign"], trust.kind)]

  # Hub roles that nobody named. One that no spoke lets in must be named all the same: it is made in this account.
  unnamed = var.hub_role_arns == null ? [] : sort(setsubtract([for trust in local.own : trust.arn if trust.kind == "hub"], var.hub_role_arns))

  # What goes with sts:AssumeRole, and lets nobody in by itself.
  beside = ["sts:SetSourceIdentity", "sts:TagSession"]
}
