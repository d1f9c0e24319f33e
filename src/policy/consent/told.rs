use super::consents::{Consents, tell};
use crate::policy::{Facts, FactsOf, Intent, PolicyError};
use std::sync::Arc;

/// Facts of the acts of one actor: the same for all of which nothing is granted or asked.
#[derive(Debug)]
pub struct Told {
    of_actor: FactsOf,
    silent: Facts,
    consents: Option<Arc<Consents>>,
}

impl Told {
    pub fn new(of_actor: FactsOf, consents: Option<Arc<Consents>>) -> Result<Told, PolicyError> {
        let silent = tell(consents.as_deref(), of_actor.clone(), None)?;
        Ok(Told { of_actor, silent, consents: consents.filter(|c| c.know_any()) })
    }

    /// What is known of one act, where that is more than of every act.
    pub fn of(&self, intent: &Intent<'_>) -> Result<Option<Facts>, PolicyError> {
        let Some(consents) = &self.consents else { return Ok(None) };
        match intent.target() {
            Some(target) if consents.know(&target) => {
                tell(Some(consents), self.of_actor.clone(), Some(&target)).map(Some)
            }
            _ => Ok(None),
        }
    }

    pub fn silent(&self) -> &Facts {
        &self.silent
    }
}
