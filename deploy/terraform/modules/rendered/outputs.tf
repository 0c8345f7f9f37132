output "roles" {
  description = "Arguments of the roles, by ARN."
  value       = local.roles

  precondition {
    condition     = length(local.roles) > 0
    error_message = "The bundle has no such role in the account ${var.account_id}."
  }

  precondition {
    condition     = var.hub_role_arns == null ? true : length(setsubtract(flatten(local.entered[*].principals), var.hub_role_arns)) == 0
    error_message = "The bundle trusts somebody else than hub_role_arns."
  }

  precondition {
    condition     = alltrue([for trust in local.entered : join(" ", trust.through) == "AWS"])
    error_message = "A spoke or presign role of the bundle trusts more than roles: its principals must be AWS alone."
  }

  precondition {
    condition     = length(setsubtract(flatten(local.entered[*].actions), concat(["sts:AssumeRole"], local.beside))) == 0
    error_message = "A spoke or presign role of the bundle may be used by more than sts:AssumeRole, sts:SetSourceIdentity and sts:TagSession."
  }

  precondition {
    condition     = !var.require_external_id || alltrue([for trust in local.entered : trust.external_id != null if length(setsubtract(trust.actions, local.beside)) > 0])
    error_message = "The bundle lets the hub in without an external id: give the domain's assume_role an external_id in the map."
  }

  # Or whoever writes the bundle calls a role so that nobody looks whom it trusts.
  precondition {
    condition     = alltrue([for trust in local.own : contains(trust.through, "AWS") == false && !contains(trust.through, "anything")])
    error_message = "A hub or execution role of the bundle trusts somebody's roles or accounts: only services and identity providers are expected."
  }

  precondition {
    condition     = length(local.unnamed) == 0
    error_message = "The bundle has hub roles in the account ${var.account_id} that hub_role_arns does not name: ${join(", ", local.unnamed)}."
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
