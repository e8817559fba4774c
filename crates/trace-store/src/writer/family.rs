//! The place where a recording's family keeps the recordings of further processes.

use std::sync::Arc;

use recorder_errors::prelude::*;

use super::Writer;
use crate::pool::lock;
use crate::raw::signals::Blocked;
use crate::staging::home::Home;

impl Writer {
    /// Where recordings of child processes go: the family of this recording, which begins when this is first asked.
    pub fn family(&self) -> RecorderResult<Arc<Home>> {
        let mut home = lock(&self.home);
        if let Some(home) = home.as_ref() {
            return Ok(Arc::clone(home));
        }
        let _masked = Blocked::all();
        let staging = lock(&self.staging);
        let staging = staging
            .as_ref()
            .ok_or_else(|| bug!(INTERNAL, "the recording was ended before"))?;
        let made = Arc::new(Home::make(&staging.path, &staging.dir, &staging.run_id)?);
        *home = Some(Arc::clone(&made));
        Ok(made)
    }

    /// The family, if it has begun. Waits for nobody, so that a forked child can ask.
    pub fn known_family(&self) -> Option<Arc<Home>> {
        self.home.try_lock().ok().and_then(|home| home.clone())
    }

    /// Makes sure that the files of a recording in a family can be reached.
    pub(super) fn ensure_family(&self) -> RecorderResult<()> {
        let home = lock(&self.staging)
            .as_ref()
            .and_then(|staging| staging.home.clone());
        home.map_or(Ok(()), |home| home.ensure())
    }
}
