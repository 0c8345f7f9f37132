# What the audit log is sealed with, and where its checkpoints are kept: docs/audit.md. Both stay as long
# as somebody may have to verify the log, so Terraform refuses to destroy them.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"
}

# KMS rotates no HMAC keys; another key would not know what this one sealed.
resource "aws_kms_key" "audit" {
  description              = "${var.name}: seals the audit log"
  customer_master_key_spec = "HMAC_256"
  key_usage                = "GENERATE_VERIFY_MAC"
  deletion_window_in_days  = 30
  tags                     = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AccountAdministersTheKey"
        Effect    = "Allow"
        Principal = { AWS = local.account }
        Action = [
          "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
          "kms:EnableKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListGrants",
          "kms:ListKeyPolicies", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant",
          "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias",
          "kms:UpdateKeyDescription",
        ]
        Resource = "*"
      },
      {
        # Whose own policies allow it: Stagedoor's roles, and whoever verifies at a terminal.
        Sid       = "AccountSealsAndVerifies"
        Effect    = "Allow"
        Principal = { AWS = local.account }
        Action    = ["kms:GenerateMac", "kms:VerifyMac"]
        Resource  = "*"
        Condition = { StringEquals = { "kms:CallerAccount" = data.aws_caller_identity.current.account_id } }
      },
    ]
  })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "audit" {
  name          = "alias/${var.name}-audit"
  target_key_id = aws_kms_key.audit.key_id
}

resource "aws_s3_bucket" "checkpoints" {
  #checkov:skip=CKV_AWS_18:One object an hour by one role; CloudTrail's data events tell more.
  #checkov:skip=CKV2_AWS_62:Nobody has to be told of a checkpoint.
  #checkov:skip=CKV_AWS_144:A checkpoint is the copy elsewhere.
  #checkov:skip=CKV2_AWS_61:Object lock says how long each stays; nothing is to go by itself.
  #checkov:skip=CKV_AWS_145:No secret is in it, and whoever verifies needs no key to read it.
  bucket              = var.bucket
  object_lock_enabled = true
  tags                = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "checkpoints" {
  bucket = aws_s3_bucket.checkpoints.id

  versioning_configuration {
    status = "Enabled"
  }
}

# Nobody can delete a checkpoint before its time, the account's root included.
resource "aws_s3_bucket_object_lock_configuration" "checkpoints" {
  bucket = aws_s3_bucket_versioning.checkpoints.bucket

  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = var.checkpoint_days
    }
  }
}

resource "aws_s3_bucket_public_access_block" "checkpoints" {
  bucket = aws_s3_bucket.checkpoints.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "checkpoints" {
  bucket = aws_s3_bucket.checkpoints.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# No secret is in it, and whoever verifies needs no key to read it.
resource "aws_s3_bucket_server_side_encryption_configuration" "checkpoints" {
  bucket = aws_s3_bucket.checkpoints.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_policy" "checkpoints" {
  bucket = aws_s3_bucket.checkpoints.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.checkpoints.arn, "${aws_s3_bucket.checkpoints.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
