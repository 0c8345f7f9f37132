output "roles" {
  description = "Arguments of the roles, by ARN."
  value       = local.roles

  precondition {
    condition     = length(local.roles) > 0
    error_message = "The bundle has no such role in the account ${var.account_id}."
  }

  precondition {
    condition     = var.hub_role_arns == null ? true : length(setsubtract(flatten(local.trusted[*].principal), var.hub_role_arns)) == 0
    error_message = "The bundle trusts somebody else than hub_role_arns."
  }

  precondition {
    condition     = !var.require_external_id || alltrue([for trust in local.trusted : trust.external_id != null if trust.assumes])
    error_message = "The bundle lets the hub in without an external id: give the domain's assume_role an external_id in the map."
  }
}

output "inline_policies" {
  description = "Arguments of the roles' inline policies, by the role's ARN and the policy's name."
  value       = local.inline_policies
}

output "managed_policies" {
  description = "Arguments of the roles' managed policies, by the role's ARN and the policy's name."
  value       = local.managed_policies
}
