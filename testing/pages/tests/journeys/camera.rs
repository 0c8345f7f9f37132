//! Pictures of pages: each in full to look at, and the best ones for the docs, small.

use crate::browser::{DESKTOP, PHONE, Scheme};
use std::path::PathBuf;

/// Where pictures go, if anywhere.
#[derive(Debug, Default)]
pub(crate) struct Camera {
    /// Every page in full, as PNG.
    pub(crate) all: Option<PathBuf>,
    /// The pictures of [`BEST`], as WebP, which every browser shows and which is a third of PNG.
    pub(crate) best: Option<PathBuf>,
}

/// A picture of the docs: of which page, in which colours, how wide, how much of it from the top, and
/// its file.
pub(crate) type Picture = (&'static str, Scheme, u32, u32, &'static str);

/// The pictures of the docs.
pub(crate) const BEST: [Picture; 12] = [
    ("my-work-two", Scheme::Light, DESKTOP, 860, "my-work"),
    ("my-work", Scheme::Dark, PHONE, 844, "my-work-phone"),
    ("opening", Scheme::Light, PHONE, 844, "opening-phone"),
    ("refused", Scheme::Light, PHONE, 844, "refused-phone"),
    ("admin-now", Scheme::Light, DESKTOP, 1120, "admin-now"),
    ("admin-now", Scheme::Dark, DESKTOP, 1120, "admin-now-dark"),
    ("admin-plan", Scheme::Light, DESKTOP, 1000, "admin-plan"),
    ("admin-person", Scheme::Light, DESKTOP, 1268, "admin-person"),
    ("admin-sign-ins", Scheme::Light, DESKTOP, 1190, "admin-sign-ins"),
    ("admin-teams", Scheme::Light, DESKTOP, 925, "admin-teams"),
    ("admin-network-asked", Scheme::Light, DESKTOP, 1166, "admin-network"),
    ("admin-offboarding-held", Scheme::Light, DESKTOP, 1036, "admin-offboarding"),
];

/// WebP's quality, of a hundred: letters stay sharp.
pub(crate) const QUALITY: u32 = 82;

/// The most bytes that a picture of the docs may have.
pub(crate) const MOST_BYTES: usize = 150_000;
