output "role_arns" {
  description = "The roles that were made, by kind: hub, spoke, presign, execution."
  value = {
    for kind in var.kinds : kind => sort([
      for arn, role in module.rendered.roles : aws_iam_role.this[arn].arn if role.kind == kind
    ])
  }
}

output "hub_role_arn" {
  description = "The role that Stagedoor runs as, if it is in this account: the `role` of the map's `hub`."
  value       = one([for arn, role in module.rendered.roles : aws_iam_role.this[arn].arn if role.kind == "hub"])
}

output "instance_profile_name" {
  description = "The hub's instance profile, if one was asked for."
  value       = one([for profile in aws_iam_instance_profile.hub : profile.name])
}
