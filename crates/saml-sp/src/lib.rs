//! saml-sp
