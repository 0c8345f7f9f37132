# Stagedoor's own roles in one account, made of what `stagedoor policy render` prints.

module "rendered" {
  source = "./modules/rendered"

  bundle              = var.bundle
  account_id          = var.account_id
  kinds               = var.kinds
  hub_role_arns       = var.hub_role_arns
  require_external_id = var.require_external_id
}

data "aws_caller_identity" "current" {}

resource "aws_iam_role" "this" {
  for_each = module.rendered.roles

  name                 = each.value.name
  path                 = each.value.path
  description          = each.value.description
  max_session_duration = each.value.max_session_duration
  permissions_boundary = var.permissions_boundary
  assume_role_policy   = each.value.assume_role_policy
  tags                 = merge(var.tags, each.value.tags)

  lifecycle {
    precondition {
      condition     = data.aws_caller_identity.current.account_id == var.account_id
      error_message = "The provider works in another account than account_id says."
    }
  }
}

resource "aws_iam_role_policy" "this" {
  for_each = module.rendered.inline_policies

  name   = each.value.name
  role   = aws_iam_role.this[each.value.role_arn].name
  policy = each.value.policy
}

resource "aws_iam_policy" "this" {
  for_each = module.rendered.managed_policies

  name        = each.value.name
  path        = each.value.path
  description = each.value.description
  policy      = each.value.policy
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = module.rendered.managed_policies

  role       = aws_iam_role.this[each.value.role_arn].name
  policy_arn = aws_iam_policy.this[each.key].arn
}

resource "aws_iam_instance_profile" "hub" {
  for_each = var.instance_profile ? { for arn, role in module.rendered.roles : arn => role if role.kind == "hub" } : {}

  name = aws_iam_role.this[each.key].name
  path = each.value.path
  role = aws_iam_role.this[each.key].name
}
