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

module "research" {
  source    = "../.."
  providers = { aws = aws.research }

  bundle       = local.bundle
  account_id   = "444455556666"
  kinds        = ["spoke"]
  hub_role_arn = module.hub.hub_role_arn
}

output "instance_profile" {
  description = "For the machine that Stagedoor runs on."
  value       = module.hub.instance_profile_name
}
