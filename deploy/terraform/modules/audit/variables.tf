variable "name" {
  description = "What the key's alias begins with, and the prefix of checkpoints in the bucket."
  type        = string
  default     = "stagedoor"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,28}[a-z0-9]$", var.name))
    error_message = "Write 3 to 30 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "bucket" {
  description = "The name of the bucket for checkpoints. It is the world's: choose one with your account in it."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "That is no name of a bucket."
  }
}

variable "checkpoint_days" {
  description = "How long nobody can delete a checkpoint."
  type        = number
  default     = 400

  validation {
    condition     = var.checkpoint_days >= 1 && var.checkpoint_days <= 36500
    error_message = "Write between 1 and 36500 days."
  }
}

variable "tags" {
  description = "Tags of key and bucket."
  type        = map(string)
  default     = {}
}
