//! demo-idp
