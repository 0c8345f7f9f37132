//! Who asks the desk: whoever is signed in, with the role that the directory gives them now.

use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use crate::visit::Visit;
use control::desk::Caller;

impl Portal {
    /// Who is signed in, as the desk knows them.
    ///
    /// # Errors
    /// Nobody is, or whoever is has no role, or none by this session.
    pub(crate) async fn caller(&self, visit: &Visit) -> Result<Caller, Refused> {
        let Some(token) = &visit.session else {
            return Err(Refused::new(self, Problem::SignedOut));
        };
        let who = self.door.who(token).await.map_err(Refused::by_door)?;
        self.desk.caller(&who).await.map_err(|refused| Refused::by_desk(self, refused))
    }
}
