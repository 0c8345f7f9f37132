variable "bundle" {
  description = "What `stagedoor policy render` prints, as text."
  type        = string
}

variable "account_id" {
  description = "The account whose roles are wanted."
  type        = string
}

variable "kinds" {
  description = "Which kinds of roles are wanted."
  type        = set(string)
}

variable "hub_role_arns" {
  description = "The only roles that spoke and presign roles may trust, and every hub role that is wanted; null: whichever the bundle says."
  type        = set(string)
  default     = null
}

variable "require_external_id" {
  description = "Refuse a spoke or presign role that may be assumed without an external id."
  type        = bool
  default     = true
}
