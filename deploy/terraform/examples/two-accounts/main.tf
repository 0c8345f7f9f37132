# The hub's role in one account, the spoke's in another. Made anew after each change of the map by
#
#   stagedoor policy render --only plane > stagedoor.json

terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  alias               = "hub"
  region              = "eu-west-1"
  allowed_account_ids = ["111122223333"]
}

provider "aws" {
  alias               = "research"
  region              = "eu-west-1"
  allowed_account_ids = ["444455556666"]

  assume_role {
    role_arn = "arn:aws:iam::444455556666:role/terraform"
  }
}

locals {
  bundle = file("${path.module}/stagedoor.json")
}

module "hub" {
  source    = "../.."
  providers = { aws = aws.hub }

  bundle           = local.bundle
  account_id       = "111122223333"
  kinds            = ["hub"]
  instance_profile = true
}

# What the audit log is sealed with. Name its outputs in the map's hub, then render again.
module "audit" {
  source    = "../../modules/audit"
  providers = { aws = aws.hub }

  bucket = "stagedoor-audit-111122223333"
}

module "research" {
  source    = "../.."
  providers = { aws = aws.research }

  bundle        = local.bundle
  account_id    = "444455556666"
  kinds         = ["spoke"]
  hub_role_arns = module.hub.hub_role_arns
}

output "audit_key" {
  description = "The map's hub.audit_key; with `kms:` before it the server's STAGEDOOR_AUDIT_KEY."
  value       = module.audit.audit_key
}

output "checkpoints" {
  description = "The map's hub.checkpoints, and the server's --audit-checkpoints."
  value       = module.audit.checkpoints
}

output "instance_profile" {
  description = "For the machine that Stagedoor runs on."
  value       = module.hub.instance_profile_name
}
