//! Where datasets and documentation differ, and both are accepted.

/// `SageMaker`'s keys of KMS keys. The reference of today lists the names that end in `Arn` at its
/// actions and calls the others deprecated; policies and other datasets use the others still.
const KMS_KEYS: &[&str] = &[
    "sagemaker:DomainSharingOutputKmsKey",
    "sagemaker:FeatureGroupOfflineStoreKmsKey",
    "sagemaker:FeatureGroupOnlineStoreKmsKey",
    "sagemaker:OutputKmsKey",
    "sagemaker:VolumeKmsKey",
];

/// All names of a condition key, itself first.
pub fn spellings(key: &str) -> Vec<String> {
    let mut names = vec![key.to_owned()];
    for known in KMS_KEYS {
        let arn = format!("{known}Arn");
        if key.eq_ignore_ascii_case(known) {
            names.push(arn);
        } else if key.eq_ignore_ascii_case(&arn) {
            names.push((*known).to_owned());
        }
    }
    names
}
