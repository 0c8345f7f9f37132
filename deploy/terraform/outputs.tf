output "role_arns" {
  description = "The roles that were made, by kind: hub, spoke, presign, execution."
  value = {
    for kind in var.kinds : kind => sort([
      for arn, role in module.rendered.roles : aws_iam_role.this[arn].arn if role.kind == kind
    ])
  }
}

output "hub_role_arns" {
  description = "The roles that Stagedoor runs as, if they are in this account: one, or on Lambda one of each function."
  value       = sort([for arn, role in module.rendered.roles : aws_iam_role.this[arn].arn if role.kind == "hub"])
}

output "instance_profile_name" {
  description = "The hub's instance profile, if one was asked for."
  value       = one([for profile in aws_iam_instance_profile.hub : profile.name])
}
