use super::{Flow, LEAD, ORGANIZATION, PERSON};
use crate::{
    Error,
    field::Entity,
    krayin::Person,
    mapper::full_name,
    reason::Reason,
    records::{Decision, IDENTITY},
    sync::{Doubt, verify},
};

/// The reason that tells of persons that are one.
const DOUBLED: &str = "doubled";

impl Flow<'_> {
    /// Looks at what a reading of all that Krayin has did not find, or as somebody else's, before anything is written;
    /// `true` where there was such. What is gone is treated as ever; whose person is another one by now waits for a person
    /// to decide.
    pub(super) async fn look_at_doubted(&mut self) -> Result<bool, Error> {
        if self.stored.doubted.is_empty() {
            return self.follow_decision().await;
        }
        let doubted = std::mem::take(&mut self.stored.doubted);
        match (doubted.as_str(), self.stored.ids.get("person"), self.stored.ids.get("lead")) {
            (PERSON, Some(person), _) => self.look_at_person(person).await?,
            (LEAD, Some(person), Some(lead)) => self.look_at_lead(person, lead).await?,
            (ORGANIZATION, Some(person), _) => {
                // Until it has been looked at as well.
                self.stored.doubted = doubted;
                self.look_at_person(person).await?;
                self.look_at_organization().await?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn look_at_person(&mut self, id: u64) -> Result<(), Error> {
        if matches!(&self.stored.decision, Some(Decision::Another(persons)) if persons.contains(&id)) {
            // Whom it is not is for the search to know.
            let decision = self.stored.decision.take();
            self.stored.disown();
            self.stored.decision = decision;
            return Ok(());
        }
        let Some(person) = self.context.client.find_person(id).await? else {
            self.stored.unverified = false;
            self.stored.doubted.clear();
            return self.person_gone(id).await;
        };
        if !self.is_still_the_contact(&person) {
            self.stored.doubted = PERSON.to_owned();
            self.stored.unverified = true;
            let doubt = Doubt { contact: self.contact.id, persons: vec![id], has_changed_hands: true };
            return Err(self.leave_doubtful(doubt).await);
        }
        self.stored.unverified = false;
        self.stored.decision = None;
        self.note_identity(&person);
        self.store().await?;
        self.known = Some(person);
        Ok(())
    }

    /// The organization of a person that was read just now. One that a colleague took the person out of, or another one in
    /// its place, is as it is to be.
    async fn look_at_organization(&mut self) -> Result<(), Error> {
        let Some(person) = self.known.clone() else { return Ok(()) };
        if let (None, Some(known)) = (&person.organization, self.stored.ids.get(ORGANIZATION))
            && !self.context.client.has_organization(known).await?
        {
            self.stored.doubted.clear();
            if let Some(field) = self.organization_to_make_again() {
                let mut due = self.due(Entity::Person);
                if !due.iter().any(|due| due.key == field.key) {
                    due.push(field);
                }
                self.outcome.why.push(Reason::OrganizationGone);
                return self.write_person(&person, due).await;
            }
            self.outcome.why.push(Reason::OrganizationDeleted);
        }
        self.stored.doubted.clear();
        self.stored.ids.forget(ORGANIZATION);
        if let Some(organization) = &person.organization {
            self.stored.ids.set(ORGANIZATION, organization.id);
        }
        self.store().await
    }

    async fn look_at_lead(&mut self, person: u64, lead: u64) -> Result<(), Error> {
        self.stored.unverified = false;
        match self.context.client.find_lead(lead).await? {
            Some(_) => self.store().await,
            None => self.lead_gone(person).await,
        }
    }

    fn is_still_the_contact(&self, person: &Person) -> bool {
        self.stored.decision == Some(Decision::Same(person.id))
            || verify::is_known(self.context, self.contact, person, &self.stored)
            || self.has_full_name_of_contact(person)
    }

    /// A colleague who put an address right has left the name. One word is the name of many.
    fn has_full_name_of_contact(&self, person: &Person) -> bool {
        let theirs = person.name.as_deref().unwrap_or_default().trim().to_lowercase();
        theirs.contains(char::is_whitespace)
            && full_name(self.contact).is_some_and(|ours| ours.trim().to_lowercase() == theirs)
    }

    /// By what the person is known from now on, so that the next reading finds it so.
    fn note_identity(&mut self, person: &Person) {
        let proofs = verify::proofs(&self.context.settings.digest_key, person);
        if let Some(proof) = proofs.into_iter().next() {
            self.stored.sent.insert(IDENTITY.to_owned(), proof);
        }
    }

    /// Of several that are one a person has said which the contact is, or that they are several; `true` where nothing else
    /// is to be done for that.
    async fn follow_decision(&mut self) -> Result<bool, Error> {
        let is_told = self.stored.reason.as_ref().is_some_and(|reason| reason.code == DOUBLED);
        let Some(known) = self.stored.ids.get("person").filter(|_| is_told && self.stored.pending) else {
            return Ok(false);
        };
        match self.stored.decision {
            Some(Decision::Same(wanted)) if wanted != known => {
                self.stored.forget(PERSON);
                self.stored.forget(LEAD);
                self.stored.sent.clear();
                self.stored.left_out.clear();
                return Ok(false);
            }
            Some(Decision::Same(_)) => self.stored.decision = None,
            _ => {}
        }
        self.store().await?;
        Ok(true)
    }
}
