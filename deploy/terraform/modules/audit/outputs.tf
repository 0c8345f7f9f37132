output "audit_key" {
  description = "The map's hub.audit_key."
  value       = aws_kms_key.audit.arn
}

output "audit_key_setting" {
  description = "STAGEDOOR_AUDIT_KEY of everything that shares a store."
  value       = "kms:${aws_kms_key.audit.arn}"
}

output "checkpoints" {
  description = "The map's hub.checkpoints, and --audit-checkpoints of serve."
  value       = "s3://${aws_s3_bucket.checkpoints.bucket}/${var.name}"
}
