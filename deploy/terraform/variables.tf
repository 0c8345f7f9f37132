variable "bundle" {
  description = "What `stagedoor policy render` prints, as text: file(\"stagedoor.json\"). All of the policies come from it, none from this module."
  type        = string

  validation {
    condition     = can(jsondecode(var.bundle).roles)
    error_message = "This is not what `stagedoor policy render` prints: it has no list of roles."
  }
}

variable "account_id" {
  description = "The account in which the roles are made; those of other accounts are left out. It must be the provider's."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has twelve digits."
  }
}

variable "kinds" {
  description = "Which of the account's roles: hub (what Stagedoor runs as), spoke (for domains of this account), presign (for links alone), execution (what teams work under)."
  type        = set(string)
  default     = ["hub", "spoke", "presign"]

  validation {
    condition     = length(var.kinds) > 0 && length(setsubtract(var.kinds, ["hub", "spoke", "presign", "execution"])) == 0
    error_message = "Choose among hub, spoke, presign and execution."
  }
}

variable "hub_role_arns" {
  description = "The only roles that spoke and presign roles may trust: one, or on Lambda those of the functions. In the hub's own account every hub role that is made there, also one that no spoke lets in (`-events`). Whoever owns a spoke's account writes them down here, so that a bundle which trusts somebody else is refused."
  type        = set(string)
  default     = null

  validation {
    condition     = var.hub_role_arns == null ? true : length(var.hub_role_arns) > 0 && alltrue([for arn in var.hub_role_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", arn))])
    error_message = "Write each as arn:aws:iam::111122223333:role/stagedoor."
  }
}

variable "require_external_id" {
  description = "Refuse a spoke or presign role that may be assumed without an external id."
  type        = bool
  default     = true
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds every role, if the organization asks for one."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "Write it as arn:aws:iam::111122223333:policy/boundary."
  }
}

variable "instance_profile" {
  description = "Make an instance profile of the hub's role, for Stagedoor on EC2."
  type        = bool
  default     = false
}

variable "tags" {
  description = "More tags for every role. Stagedoor's own come from the bundle."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.tags) : !can(regex("^(?i)(stagedoor|aws):", key))])
    error_message = "Tags whose keys begin with stagedoor: or aws: are not yours to set."
  }
}
