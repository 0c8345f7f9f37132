//! [`MetadataCopies`].

use control::ports::{MAX_COPY, MetadataCopies};

pub async fn a_copy_comes_back_whole_and_replaces_the_one_before(copies: &impl MetadataCopies) {
    assert_eq!(copies.metadata_copy("corp-1").await, Ok(None));
    let largest: Vec<u8> = (0..MAX_COPY).map(|n| u8::try_from(n % 251).unwrap()).collect();
    copies.keep_metadata("corp-1", &largest).await.unwrap();
    copies.keep_metadata("corp-2", b"other").await.unwrap();
    assert!(copies.metadata_copy("corp-1").await == Ok(Some(largest)));
    copies.keep_metadata("corp-1", b"short").await.unwrap();
    assert_eq!(copies.metadata_copy("corp-1").await, Ok(Some(b"short".to_vec())));
    assert_eq!(copies.metadata_copy("corp-2").await, Ok(Some(b"other".to_vec())));
}
