//! The shape of a Signature Version 4 `Authorization` header.
//!
//! The simulator does not know secret keys, so it checks that a request is signed in the right
//! form and for the right service, not that the signature is right.

/// The credential scope of a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) access_key_id: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

/// Why a header is not a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignatureProblem {
    Missing,
    /// With AWS's words about what is missing.
    Incomplete(String),
}

/// Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
pub(crate) fn parse(header: Option<&str>) -> Result<Scope, SignatureProblem> {
    let header = header.filter(|h| !h.trim().is_empty()).ok_or(SignatureProblem::Missing)?;
    let incomplete = |what: &str| SignatureProblem::Incomplete(what.to_owned());
    let rest = header
        .strip_prefix("AWS4-HMAC-SHA256")
        .ok_or_else(|| incomplete("Unsupported AWS 'algorithm'."))?;
    let part = |name: &str| {
        rest.split(',')
            .filter_map(|part| part.trim().split_once('='))
            .find(|(key, value)| *key == name && !value.is_empty())
            .map(|(_, value)| value)
            .ok_or_else(|| {
                incomplete(&format!("Authorization header requires '{name}' parameter."))
            })
    };
    let credential = part("Credential")?;
    part("SignedHeaders")?;
    let signature = part("Signature")?;
    if signature.len() != 64 || !signature.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(incomplete("Signature must be 64 hexadecimal digits."));
    }
    let fields: Vec<&str> = credential.split('/').collect();
    let [key, date, region, service, "aws4_request"] = fields.as_slice() else {
        return Err(incomplete(
            "Credential must have exactly 5 slash-delimited elements, \
             e.g. keyid/date/region/service/term.",
        ));
    };
    if date.len() != 8 || [key, region, service].iter().any(|field| field.is_empty()) {
        return Err(incomplete("Credential has an empty or malformed element."));
    }
    Ok(Scope {
        access_key_id: (*key).to_owned(),
        region: (*region).to_owned(),
        service: (*service).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(credential: &str) -> String {
        let signature = "0".repeat(64);
        format!(
            "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, \
             Signature={signature}"
        )
    }

    #[test]
    fn a_scope_is_read() {
        let header = header("AKIAEXAMPLE/20261121/eu-west-1/sagemaker/aws4_request");
        assert_eq!(
            parse(Some(&header)),
            Ok(Scope {
                access_key_id: "AKIAEXAMPLE".to_owned(),
                region: "eu-west-1".to_owned(),
                service: "sagemaker".to_owned(),
            })
        );
    }

    #[test]
    fn anything_less_is_no_signature() {
        assert_eq!(parse(None), Err(SignatureProblem::Missing));
        assert_eq!(parse(Some(" ")), Err(SignatureProblem::Missing));
        let short = header("AKIAEXAMPLE/20261121/eu-west-1/aws4_request");
        let unsigned = "AWS4-HMAC-SHA256 Credential=a/20261121/r/s/aws4_request";
        for bad in ["Bearer abc", unsigned, short.as_str()] {
            assert!(matches!(parse(Some(bad)), Err(SignatureProblem::Incomplete(_))), "{bad}");
        }
    }
}
